import Foundation
import JSON

/// A command of the program that runs while the test talks to it.
final class RunningCommand {
    private let process = Process()
    private let output = Pipe()
    private let input: FileHandle
    private var arrived = Data()

    /// - Parameter onTerminal: standard input is a terminal; else a pipe.
    init(_ arguments: [String], folder: String, onTerminal: Bool = false) throws {
        process.executableURL = URL(fileURLWithPath: DaemonProcess.program)
        process.arguments = arguments
        process.environment = DaemonProcess.environment(folder: folder)
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardOutput = output
        if onTerminal {
            let terminal = try Terminal()
            input = terminal.user
            process.standardInput = terminal.program
        } else {
            let pipe = Pipe()
            input = pipe.fileHandleForWriting
            process.standardInput = pipe
        }
        try process.run()
        try output.fileHandleForWriting.close()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// What the user types, or the pipe brings.
    func send(_ text: String) throws { try input.write(contentsOf: Data(text.utf8)) }

    func endInput() throws { try input.close() }

    func interrupt() { kill(process.processIdentifier, SIGINT) }

    /// The next line of output as JSON; nil at its end.
    func nextLine() throws -> JSONValue? {
        while true {
            if let end = arrived.firstIndex(of: UInt8(ascii: "\n")) {
                let line = arrived[arrived.startIndex..<end]
                arrived = Data(arrived[(end + 1)...])
                return try JSONValue(parsing: String(decoding: line, as: UTF8.self))
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { return nil }
            arrived.append(more)
        }
    }

    /// The first further line that fulfils a condition; nil if the output ends before.
    func line(where condition: (JSONValue) -> Bool) throws -> JSONValue? {
        while let line = try nextLine() { if condition(line) { return line } }
        return nil
    }

    /// Waits for the end.
    func status() -> Int32 { process.waitForEnd() }
}

/// A pseudo-terminal: what is written to `user` is typed.
struct Terminal {
    let user: FileHandle
    let program: FileHandle

    init(rows: UInt16 = 40, columns: UInt16 = 100) throws {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        var (userEnd, programEnd): (Int32, Int32) = (-1, -1)
        guard openpty(&userEnd, &programEnd, nil, nil, &size) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        // A daemon that is started must not hold the terminal open.
        for end in [userEnd, programEnd] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        user = FileHandle(fileDescriptor: userEnd, closeOnDealloc: true)
        program = FileHandle(fileDescriptor: programEnd, closeOnDealloc: true)
    }

    /// What the program has written and was not read yet; a terminal holds some 4 KiB.
    var shown: String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        var watched = pollfd(fd: user.fileDescriptor, events: Int16(POLLIN), revents: 0)
        while poll(&watched, 1, 0) > 0 {
            let count = read(user.fileDescriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
