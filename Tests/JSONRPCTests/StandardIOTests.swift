import Foundation
import JSON
import JSONRPC
import TestSupport
import Testing

/// One client over standard input and output, whatever these are.
@Suite(.timeLimit(.minutes(10))) struct StandardIOTests {
    @Test func pipesAreServedUntilTheirEnd() async throws {
        let input = try makePipe()
        let output = try makePipe()
        let serving = Serving(addEcho)
        async let end = serving.server.serve(StandardIO(input: input.read, output: output.write))
        write(input.write, #"{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]}"# + "\n")
        #expect(try await line(output.read) == ["jsonrpc": "2.0", "id": 1, "result": [1]])
        // The last request has no newline and its end of input comes with it, as from printf.
        write(input.write, #"{"jsonrpc":"2.0","id":2,"method":"echo","params":[2]}"#)
        close(input.write)
        #expect(try await line(output.read)?["id"] == 2)
        #expect(try await end == .endOfInput)
        for descriptor in [input.read, output.read, output.write] { close(descriptor) }
    }

    /// `fixlipd serve --stdio < requests > replies`: event loops cannot wait for files.
    @Test func filesAreServed() async throws {
        let folder = makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let requests = (0..<200).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"echo","params":[]}"# + "\n" }
        try requests.joined().write(toFile: "\(folder)/in", atomically: false, encoding: .utf8)
        let input = open("\(folder)/in", O_RDONLY)
        let output = open("\(folder)/out", O_WRONLY | O_CREAT, 0o600)
        let end = try await Serving(addEcho).server.serve(StandardIO(input: input, output: output))
        #expect(end == .endOfInput)
        close(input)
        close(output)
        let replies = try String(contentsOfFile: "\(folder)/out", encoding: .utf8).split(separator: "\n")
        #expect(Set(try replies.compactMap { try JSONValue(parsing: String($0))["id"]?.int }) == Set(0..<200))
    }

    @Test func nothingIsServedAndEndsAtOnce() async throws {
        let null = open("/dev/null", O_RDWR)
        let end = try await Serving(addEcho).server.serve(StandardIO(input: null, output: null))
        #expect(end == .endOfInput)
        close(null)
    }

    /// The parent process is gone: nobody will read the reply, so its work is not worth going on with.
    @Test func anOutputThatNobodyReadsCancelsWork() async throws {
        let input = try makePipe()
        let output = try makePipe()
        let started = Gate()
        let stopped = Gate()
        let serving = Serving { methods in
            methods.onRequest("wait") { _, _ in
                started.open()
                defer { stopped.open() }
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        async let end = serving.server.serve(StandardIO(input: input.read, output: output.write))
        write(input.write, #"{"jsonrpc":"2.0","id":1,"method":"wait"}"# + "\n")
        await started.wait()
        close(output.read)
        await stopped.wait()
        #expect(try await end == .disconnected)
        for descriptor in [input.read, input.write, output.write] { close(descriptor) }
    }

    @Test func aStopEndsItThoughItsInputStaysOpen() async throws {
        let input = try makePipe()
        let output = try makePipe()
        let serving = Serving(addEcho)
        async let end = serving.server.serve(StandardIO(input: input.read, output: output.write))
        write(input.write, #"{"jsonrpc":"2.0","id":1,"method":"echo"}"# + "\n")
        #expect(try await line(output.read)?["id"] == 1)
        await serving.server.stop()
        #expect(try await end == .stopped)
        for descriptor in [input.read, input.write, output.read, output.write] { close(descriptor) }
    }

    /// Replies that are all on their way to the output, and one that is not.
    private static let unreadReplies = [200 << 10, 8 << 20]

    @Test(.timeLimit(.minutes(10)), arguments: unreadReplies)
    func anOutputThatNobodyReadsDoesNotHoldUpAStop(replyBytes: Int) async throws {
        let (serving, input, output) = try large(replyBytes) { $0.drainTime = .seconds(3600) }
        let end = Task { try await serving.server.serve(StandardIO(input: input.read, output: output.write)) }
        write(input.write, #"{"jsonrpc":"2.0","id":1,"method":"large"}"# + "\n")
        try await full(output.write)
        await serving.server.stop(deadline: .milliseconds(200))
        #expect(try await end.value == .stopped)
        for descriptor in [input.read, input.write, output.read, output.write] { close(descriptor) }
    }

    @Test(.timeLimit(.minutes(10)))
    func aClientThatIsDroppedEndsItThoughItsOutputStaysFull() async throws {
        let (serving, input, output) = try large(8 << 20) {
            $0.drainTime = .seconds(3600)
            $0.outputHighWatermark = 64 << 10
            $0.stallTime = .milliseconds(50)
        }
        write(input.write, #"{"jsonrpc":"2.0","id":1,"method":"large"}"# + "\n")
        #expect(try await serving.server.serve(StandardIO(input: input.read, output: output.write)) == .tooSlow)
        #expect(serving.server.statistics.connectionsDropped == 1)
        for descriptor in [input.read, input.write, output.read, output.write] { close(descriptor) }
    }

    @Test(.timeLimit(.minutes(10)), arguments: unreadReplies)
    func theEndOfInputEndsItThoughNobodyReads(replyBytes: Int) async throws {
        let (serving, input, output) = try large(replyBytes) { $0.drainTime = .milliseconds(50) }
        write(input.write, #"{"jsonrpc":"2.0","id":1,"method":"large"}"# + "\n")
        close(input.write)
        let end = try await serving.server.serve(StandardIO(input: input.read, output: output.write))
        #expect(end == (replyBytes < 1 << 20 ? .endOfInput : .tooSlow))
        for descriptor in [input.read, output.read, output.write] { close(descriptor) }
    }

    /// What counts is that it takes some all the while, not that it is done in time.
    @Test func aSlowReaderGetsEverythingAfterTheEndOfInput() async throws {
        // On a busy machine a reader may itself be late by seconds.
        let (serving, input, output) = try large(4 << 20) { $0.drainTime = .seconds(10) }
        write(input.write, #"{"jsonrpc":"2.0","id":1,"method":"large"}"# + "\n")
        close(input.write)
        let end = Task {
            defer { close(output.write) }
            return try await serving.server.serve(StandardIO(input: input.read, output: output.write))
        }
        let total = try await onThread { readSlowly(output.read, upTo: .max, atATime: 16 << 10) }
        #expect(total >= 4 << 20)
        #expect(try await end.value == .endOfInput)
        for descriptor in [input.read, output.read] { close(descriptor) }
    }

    @Test func descriptorsAreLeftAsTheyWere() async throws {
        let input = try makePipe()
        let output = try makePipe()
        close(input.write)
        _ = try await Serving(addEcho).server.serve(StandardIO(input: input.read, output: output.write))
        for descriptor in [input.read, output.write] {
            // Others may share them: a shell that finds its terminal non-blocking is broken.
            #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK == 0)
            close(descriptor)
        }
        close(output.read)
    }

    /// What is printed after the takeover must not reach the protocol's reader.
    @Test func takingOverKeepsPrintsOutOfTheProtocol() async throws {
        let input = try makePipe()
        let output = try makePipe()
        let kept = (dup(STDIN_FILENO), dup(STDOUT_FILENO))
        dup2(input.read, STDIN_FILENO)
        dup2(output.write, STDOUT_FILENO)
        let standardIO = Result { () throws(SocketError) in try StandardIO.takeOver() }
        var byte: UInt8 = 0
        let left = read(STDIN_FILENO, &byte, 1)
        let printed = Glibc.write(STDOUT_FILENO, "", 0)
        var (first, second) = (stat(), stat())
        fstat(STDOUT_FILENO, &first)
        fstat(STDERR_FILENO, &second)
        dup2(kept.0, STDIN_FILENO)
        dup2(kept.1, STDOUT_FILENO)
        #expect(left == 0, "standard input must be at its end")
        #expect(printed == 0)
        #expect(first.st_ino == second.st_ino && first.st_dev == second.st_dev, "prints go to standard error")

        let taken = try standardIO.get()
        async let end = Serving(addEcho).server.serve(taken)
        write(input.write, #"{"jsonrpc":"2.0","id":1,"method":"echo"}"# + "\n")
        #expect(try await line(output.read)?["id"] == 1)
        close(input.write)
        #expect(try await end == .endOfInput)
        for descriptor in [input.read, output.read, output.write, kept.0, kept.1] { close(descriptor) }
    }

    /// A server whose `large` gives a text of so many bytes, and pipes to speak to it through.
    private func large(
        _ count: Int, configure: (inout RPCServerConfiguration) -> Void
    ) throws -> (serving: Serving, input: (read: Int32, write: Int32), output: (read: Int32, write: Int32)) {
        let serving = Serving(configure: configure) { methods in
            methods.onRequest("large") { _, _ in .string(letters(count)) }
        }
        return (serving, try makePipe(), try makePipe())
    }

    /// Returns when a pipe takes no more.
    private func full(_ descriptor: Int32) async throws {
        var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        try await wait(while: poll(&watched, 1, 0) > 0)
    }

    private func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        return (ends[0], ends[1])
    }

    private func write(_ descriptor: Int32, _ text: String) {
        #expect(Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count)
    }

    private func line(_ descriptor: Int32) async throws -> JSONValue? {
        try await onThread {
            var bytes: [UInt8] = []
            var byte: UInt8 = 0
            while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
            return bytes.isEmpty ? nil : try JSONValue(parsing: bytes)
        }
    }
}
