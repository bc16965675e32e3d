import Foundation
import JSONRPC

/// A command of the program that is fed, watched and ended while it runs.
final class BatchCommand {
    private let process = Process()
    private let input = Pipe()
    private let errorFile: String

    /// - Parameter errors: where standard error goes; a file unless given.
    init(_ arguments: [String], folder: String, errors: FileHandle? = nil) throws {
        errorFile = folder + "/stderr-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: errorFile, contents: nil)
        process.executableURL = URL(fileURLWithPath: DaemonProcess.program)
        process.arguments = arguments
        process.environment = DaemonProcess.environment(folder: folder)
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors ?? FileHandle(forWritingAtPath: errorFile)
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitForEnd()
    }

    var errors: String { (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? "" }

    func feed(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }
    func endInput() throws { try input.fileHandleForWriting.close() }
    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// The status, or the negated signal.
    func waitForExit() -> Int32 { process.waitForEnd() }
}
