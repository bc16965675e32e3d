import Foundation
import JSONRPC
import ShownText

/// Standard error for the log, written to by a thread of its own: where nobody reads it (an editor that holds the other
/// end of a pipe, say), lines are lost and counted, and nothing but that thread waits.
///
/// `@unchecked Sendable` holds because every mutable member is touched only with `condition` locked.
final class LogStream: TextOutputStream, @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [UInt8] = []
    /// Lines that found no room.
    private var lost = 0
    /// Whether the thread has bytes in hand.
    private var isWriting = false
    private let descriptor: Int32

    /// Bytes that may wait.
    private static let capacity = 1 << 20

    init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
        startThread("log") { [self] in copy() }
    }

    /// Takes one line of the log; does not block. What a client or a file named cannot begin a line of its own.
    func write(_ text: String) {
        let line = (text.last == "\n" ? String(text.dropLast()) : text).printable() + "\n"
        condition.withLock {
            let notice = lost == 0 ? "" : "\(lost) lines of the log were lost: nobody read them\n"
            guard waiting.count + notice.utf8.count + line.utf8.count <= Self.capacity else {
                lost += 1
                return
            }
            lost = 0
            waiting += notice.utf8
            waiting += line.utf8
            condition.broadcast()
        }
    }

    /// Returns when all lines are written, or after `seconds`.
    func flush(within seconds: Double) {
        let end = Date(timeIntervalSinceNow: seconds)
        condition.withLock {
            while !waiting.isEmpty || isWriting {
                guard condition.wait(until: end) else { return }
            }
        }
    }

    private func copy() {
        while true {
            let bytes = condition.withLock {
                isWriting = false
                condition.broadcast()
                while waiting.isEmpty { condition.wait() }
                isWriting = true
                defer { waiting = [] }
                return waiting
            }
            // Where the reader is gone, nobody is to be told.
            _ = writeAll(bytes[...], to: descriptor)
        }
    }
}
