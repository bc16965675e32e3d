import Foundation
import JSONRPC
import Synchronization

/// A folder of its own in the temporary folder, mode 0700, with a short path.
func makeFolder() -> String {
    var template = Array("/tmp/rpc-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no temporary folder") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

func withFolder(_ body: (String) throws -> Void) rethrows {
    let folder = makeFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}

func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
}

/// A socket connected to an address.
func connected(to address: UnixSocketAddress) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: address.path.utf8) }
    let result = withUnsafePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    return descriptor
}

/// Runs blocking code on a thread of its own: handlers need those of the cooperative pool.
func onThread<Result: Sendable>(_ body: @escaping () throws -> Result) async throws -> Result {
    let body = UncheckedBody(body: body)
    return try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body.body() }) }
    }
}

/// Reads a piece every twentieth of a second until there are so many bytes or no more come.
/// - Returns: how many came.
func readSlowly(_ descriptor: Int32, upTo wanted: Int, atATime piece: Int) -> Int {
    var buffer = [UInt8](repeating: 0, count: piece)
    var total = 0
    while total < wanted {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { break }
        total += count
        usleep(50_000)
    }
    return total
}

/// Carries a closure to the one thread that runs it; the caller waits meanwhile and touches nothing it captured.
private struct UncheckedBody<Result>: @unchecked Sendable {
    let body: () throws -> Result
}

final class Counter: Sendable {
    private let value = Mutex(0)

    func increment() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }

    func decrement() { value.withLock { $0 -= 1 } }
}
