import NIOCore

/// Dropping clients that leave a large backlog unread, or the last of their output.
extension Connection {
    /// Looks at intervals, while there is such output, whether the client has taken some of it.
    func watchForStall() {
        guard stallWatch == nil, let limit = stallLimit, let unread = unreadBytes else { return }
        let taken = enqueuedBytes - unread
        let connection = bound
        stallWatch = eventLoop.scheduleTask(in: TimeAmount(limit.time)) {
            connection.value.endStallWatch(takenBefore: taken)
        }
    }

    /// How many bytes the client must take in what time; `nil` while it may take its time.
    private var stallLimit: (bytes: Int, time: Duration)? {
        if phase == .flushing, let drainTime { return (1, drainTime) }
        let configuration = service.configuration
        return outputIsBackedUp ? (configuration.stallBytes, configuration.stallTime) : nil
    }

    func cancelStallWatch() {
        stallWatch?.cancel()
        stallWatch = nil
    }

    private func endStallWatch(takenBefore: Int) {
        stallWatch = nil
        guard let limit = stallLimit, let unread = unreadBytes else { return }
        guard enqueuedBytes - unread - takenBefore >= limit.bytes else {
            drop("it took less than \(limit.bytes) bytes in \(limit.time), and \(unread) wait")
            return
        }
        watchForStall()
    }

    /// Bytes that the operating system has not taken; a large reply is taken piece by piece.
    private var unreadBytes: Int? {
        guard let options = context?.channel.syncOptions else { return nil }
        return try? options.getOption(.bufferedWritableBytes)
    }

    /// Closes without flushing, because the client does not read.
    func drop(_ reason: String) {
        logger.warning("the client was dropped: it does not read its output: \(reason)")
        service.ledger.count(\.connectionsDropped)
        end = .tooSlow
        context?.close(promise: nil)
    }
}
