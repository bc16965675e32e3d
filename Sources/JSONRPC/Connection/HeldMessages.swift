/// The messages whose handlers run, with the bytes that they take in memory. A message counts until the last of its
/// handlers has returned, because each keeps a part of it.
///
/// A pure value, owned by its connection's event loop.
struct HeldMessages {
    typealias Number = UInt64

    private var messages: [Number: (bytes: Int, handlers: Int)] = [:]
    private var next: Number = 0
    /// What all of them take in memory.
    private(set) var bytes = 0

    /// Counts a message in; one without handlers counts nothing.
    mutating func hold(bytes count: Int, handlers: Int) -> Number {
        next += 1
        guard handlers > 0 else { return next }
        messages[next] = (count, handlers)
        bytes += count
        return next
    }

    /// One of the message's handlers has returned, or will not be started.
    /// - Returns: the bytes that this sets free: none while others of its handlers run.
    mutating func release(_ number: Number) -> Int {
        guard var message = messages[number] else { return 0 }
        message.handlers -= 1
        guard message.handlers == 0 else {
            messages[number] = message
            return 0
        }
        messages[number] = nil
        bytes -= message.bytes
        return message.bytes
    }
}
