import NIOCore

/// Dropping clients that leave a large backlog unread.
extension Connection {
    /// Looks at intervals, while output is backed up, whether the client has taken some of it.
    func watchForStall() {
        guard stallWatch == nil, let unread = unreadBytes else { return }
        let taken = enqueuedBytes - unread
        let connection = bound
        stallWatch = eventLoop.scheduleTask(in: TimeAmount(service.configuration.stallTime)) {
            connection.value.endStallWatch(takenBefore: taken)
        }
    }

    func cancelStallWatch() {
        stallWatch?.cancel()
        stallWatch = nil
    }

    private func endStallWatch(takenBefore: Int) {
        stallWatch = nil
        guard outputIsBackedUp, let unread = unreadBytes else { return }
        let configuration = service.configuration
        guard enqueuedBytes - unread - takenBefore >= configuration.stallBytes else {
            drop("it took less than \(configuration.stallBytes) bytes in \(configuration.stallTime), and \(unread) wait")
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
