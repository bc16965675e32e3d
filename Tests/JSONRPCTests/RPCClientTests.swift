import Foundation
import JSON
import JSONRPC
import Synchronization
import Testing

/// The blocking client for command lines, against the server.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct RPCClientTests {
    @Test func aCallGivesTheResultOrTheError() async throws {
        try await withClient(addEcho) { client throws in
            #expect(try client.call("echo", params: ["a": 1]) == ["a": 1])
            let error = RPCError(code: 1001, message: "failed as told", data: ["kind": "modelNotFound"])
            #expect(throws: RPCClientError.remote(error)) {
                try client.call("fail", params: ["code": 1001, "data": ["kind": "modelNotFound"]])
            }
            #expect(try client.call("echo", params: [2]) == [2])
        }
    }

    @Test func notificationsComeBeforeTheResult() async throws {
        let methods = { (methods: inout MethodTable) in
            methods.onRequest("work") { params, context in
                for sequence in Int64(0)..<5 {
                    context.sendProgress(token: params?["progressToken"] ?? .null, value: .integer(sequence))
                }
                return "done"
            }
        }
        try await withClient(methods) { client throws in
            var reports: [JSONValue] = []
            let result = try client.call("work", params: ["progressToken": "t"]) { method, params in
                #expect(method == "$/progress")
                reports.append(params)
            }
            #expect(result == "done")
            #expect(reports == (0..<5).map { ["token": "t", "value": .integer($0)] })
        }
    }

    /// Neither side may wait for the other to read first.
    @Test func largeParamsAndResultsPass() async throws {
        try await withClient(addEcho) { client throws in
            let large: JSONValue = [.string(letters(20 << 20))]
            #expect(try client.call("echo", params: large) == large)
        }
    }

    @Test func aCallThatTakesTooLongIsCancelled() async throws {
        let stopped = Gate()
        let methods = { (methods: inout MethodTable) in
            addEcho(&methods)
            methods.onRequest("wait") { _, _ in
                defer { stopped.open() }
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        try await withClient(methods) { client throws in
            #expect(throws: RPCClientError.timedOut(method: "wait", after: .milliseconds(50))) {
                try client.call("wait", timeout: .milliseconds(50))
            }
            // The late -32800 is not taken for the reply to the next call.
            #expect(try client.call("echo", params: [1]) == [1])
        }
        await stopped.wait()
    }

    @Test func anInterruptCancelsTheCall() async throws {
        let started = Gate()
        let stopped = Gate()
        let methods = { (methods: inout MethodTable) in
            addEcho(&methods)
            methods.onRequest("wait") { _, _ in
                started.open()
                defer { stopped.open() }
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        Task {
            await started.wait()
            kill(getpid(), SIGINT)
        }
        try await withClient(methods) { client throws in
            let interrupt = try InterruptWatch()
            #expect(throws: RPCClientError.cancelled(method: "wait")) {
                try client.call("wait", interrupt: interrupt)
            }
            #expect(try client.call("echo", params: [1], interrupt: interrupt) == [1])
        }
        await stopped.wait()
    }

    @Test func aWatchCancelsTheCall() async throws {
        let stopped = Gate()
        let methods = { (methods: inout MethodTable) in
            addEcho(&methods)
            methods.onRequest("wait") { _, _ in
                defer { stopped.open() }
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        let (mine, theirs) = try socketPair()
        #expect(write(theirs, "go", 2) == 2)
        try await withClient(methods) { client throws in
            let watch = ByteWatch(descriptor: mine)
            // The first byte is let pass, the second one ends the call.
            #expect(throws: RPCClientError.cancelled(method: "wait")) { try client.call("wait", watches: [watch]) }
            #expect(watch.bytes == Array("go".utf8))
            #expect(try client.call("echo", params: [1]) == [1])
        }
        await stopped.wait()
        close(mine)
        close(theirs)
    }

    /// Reads a byte at a time; the second one ends the call.
    private final class ByteWatch: CallWatch {
        let descriptor: Int32
        private(set) var bytes: [UInt8] = []

        init(descriptor: Int32) { self.descriptor = descriptor }

        func endsCall() -> Bool {
            var byte: UInt8 = 0
            if read(descriptor, &byte, 1) == 1 { bytes.append(byte) }
            return bytes.count == 2
        }
    }

    @Test func aServerThatGoesAwayIsSaidToHave() async throws {
        let (mine, theirs) = try socketPair()
        try await onThread {
            let client = RPCClient(input: mine, output: mine)
            close(theirs)
            #expect(throws: RPCClientError.disconnected(method: "echo")) { try client.call("echo") }
        }
    }

    @Test func anOutputThatIsNotJSONIsSaidToBe() async throws {
        for output in ["<html>\n", "{]\n"] {
            let (mine, theirs) = try socketPair()
            #expect(write(theirs, output, output.utf8.count) == output.utf8.count)
            try await onThread {
                let client = RPCClient(input: mine, output: mine)
                let error = #expect(throws: RPCClientError.self) { try client.call("echo") }
                guard case .malformed = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            close(theirs)
        }
    }

    @Test func whereNoDaemonIsTheErrorSaysHowToStartOne() throws {
        try withFolder { folder in
            let address = try UnixSocketAddress(path: "\(folder)/s")
            let error = #expect(throws: RPCClientError.notRunning(path: address.path)) {
                try RPCClient(connectingTo: address)
            }
            #expect(error?.description.contains("fixlipd serve --socket \(address.path)") == true)
            // A socket left over from a daemon that was killed.
            let stale = try ListeningSocket.bind(to: address)
            close(stale.descriptor)
            #expect(throws: RPCClientError.notRunning(path: address.path)) { try RPCClient(connectingTo: address) }
            stale.remove()
        }
    }

    @Test func aRefusedConnectionSaysWhy() async throws {
        let folder = makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let address = try UnixSocketAddress(path: "\(folder)/s")
        let serving = Serving(configure: { $0.maximumConnections = 0 }, addEcho)
        try await serving.server.listen(on: address)
        try await onThread {
            let client = try RPCClient(connectingTo: address)
            let error = #expect(throws: RPCClientError.self) { try client.call("echo") }
            #expect(error?.description.contains("0 connections open, which is its limit") == true)
        }
        await serving.server.stop()
    }

    func withClient(
        _ methods: (inout MethodTable) -> Void, _ body: @escaping (RPCClient) throws -> Void
    ) async throws {
        let serving = Serving(methods)
        let (mine, theirs) = try socketPair()
        let end = Task { try await serving.server.serve(connectedSocket: theirs) }
        try await onThread { try body(RPCClient(input: mine, output: mine)) }
        _ = try await end.value
    }

    func socketPair() throws -> (Int32, Int32) {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw POSIXError(.EMFILE)
        }
        return (pair[0], pair[1])
    }
}
