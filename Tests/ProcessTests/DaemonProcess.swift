import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

/// The real program on a socket of its own, ended with the test.
final class DaemonProcess {
    let folder: String
    let socket: UnixSocketAddress
    private let process = Process()
    private let log: Pipe

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let models = repository + "/models"
    static let fixtures = repository + "/Tests/Fixtures"
    static let scenes = models + "/demo/scenes"

    /// The program that was built beside these tests.
    static let program: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("fixlipd").path
    }()

    /// Variables every process of a test gets: nothing of the user's own daemon, cache or state is touched.
    static func environment(folder: String) -> [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder,
            "FIXLIPD_MODELS": models, "FIXLIPD_SOCKET": folder + "/f.sock", "HF_HUB_CACHE": folder + "/hub",
        ]
    }

    static func makeFolder() throws -> String {
        let folder = NSTemporaryDirectory() + "fixlipd-test-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return folder
    }

    /// Returns once the daemon accepts connections.
    init(_ arguments: [String] = []) throws {
        folder = try Self.makeFolder()
        socket = try UnixSocketAddress(path: folder + "/f.sock")
        log = Pipe()
        let ready = Pipe()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = ["serve", "--socket", socket.path, "--ready-fd", "1", "--log-level", "warning"] + arguments
        process.environment = Self.environment(folder: folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = ready
        process.standardError = FileHandle.standardError
        try process.run()
        try? ready.fileHandleForWriting.close()
        guard try ready.fileHandleForReading.read(upToCount: 1)?.isEmpty == false else {
            throw RPCClientError.notRunning(path: socket.path)
        }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitForEnd()
        try? FileManager.default.removeItem(atPath: folder)
    }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    func connect() throws -> RPCClient { try RPCClient(connectingTo: socket) }

    /// Waits for the daemon to end by itself.
    func waitForExit() -> Int32 { process.waitForEnd() }
}

/// A command of the program, run to its end.
struct Command {
    let status: Int32
    let output: String
    let errors: String

    init(_ arguments: [String], folder: String, input: String = "") throws {
        try self.init(DaemonProcess.program, arguments, folder: folder, input: Array(input.utf8))
    }

    /// A command line of bash, with the program as `fixlipd`: for arguments that are no UTF-8, redirections and the
    /// like.
    init(
        shell line: String, folder: String, input: [UInt8] = [], environment: [String: String] = [:]
    ) throws {
        let script = "fixlipd() { '\(DaemonProcess.program)' \"$@\"; }; program='\(DaemonProcess.program)'; " + line
        try self.init("/bin/bash", ["-c", script], folder: folder, input: input, environment: environment)
    }

    private init(
        _ program: String, _ arguments: [String], folder: String, input: [UInt8], environment: [String: String] = [:]
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = DaemonProcess.environment(folder: folder).merging(environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let (stdin, stdout) = (Pipe(), Pipe())
        let errorFile = folder + "/stderr-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: errorFile, contents: nil)
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = FileHandle(forWritingAtPath: errorFile)
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input))
        try stdin.fileHandleForWriting.close()
        let bytes = try stdout.fileHandleForReading.readToEnd() ?? Data()
        status = process.waitForEnd()
        output = String(decoding: bytes, as: UTF8.self)
        errors = (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? ""
    }
}

extension RPCClient {
    /// The error a call is answered with.
    func failure<Method: RequestMethod>(_ method: Method.Type, _ parameters: Method.Parameters) -> RPCError? {
        do {
            _ = try call(method, parameters)
            return nil
        } catch {
            if case .remote(let answer) = error { return answer }
            return nil
        }
    }

    /// The same of parameters that the method's type cannot hold.
    func failure(_ method: String, _ params: JSONValue) -> RPCError? {
        do {
            _ = try call(method, params: params)
            return nil
        } catch {
            if case .remote(let answer) = error { return answer }
            return nil
        }
    }
}

extension JSONValue {
    var doubles: [Double] { array?.compactMap(\.double) ?? [] }
}

extension EncodedFloats {
    /// Empty where they are in base64.
    var doubles: [Double] {
        if case .values(let values) = self { values.map(Double.init) } else { [] }
    }
}
