import NIOCore

/// Looks at intervals whether a client takes what it is sent: one that leaves a large backlog unread, or the last of
/// its output, is dropped.
///
/// A pure value but for the timer that it holds, owned by its connection's event loop.
struct StallWatch {
    private var timer: Scheduled<Void>?

    /// Whether a look is due.
    var isOn: Bool { timer != nil }

    mutating func begin(_ timer: Scheduled<Void>) { self.timer = timer }

    /// The look that was due is taken.
    mutating func end() { timer = nil }

    mutating func cancel() {
        timer?.cancel()
        timer = nil
    }
}

extension Connection {
    /// Begins to watch where there is output that must be taken in time.
    func watchForStall() {
        guard !stall.isOn, let limit = stallLimit, let unread = unreadBytes else { return }
        let taken = output.enqueuedBytes - unread
        let connection = bound
        stall.begin(
            eventLoop.scheduleTask(in: TimeAmount(limit.time)) { connection.value.endStallWatch(takenBefore: taken) })
    }

    /// How many bytes the client must take in what time; `nil` while it may take its time.
    private var stallLimit: (bytes: Int, time: Duration)? {
        if phase == .flushing, let drainTime { return (1, drainTime) }
        let configuration = service.configuration
        return output.isBackedUp ? (configuration.stallBytes, configuration.stallTime) : nil
    }

    private func endStallWatch(takenBefore: Int) {
        stall.end()
        guard let limit = stallLimit, let unread = unreadBytes else { return }
        guard output.enqueuedBytes - unread - takenBefore >= limit.bytes else {
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
        closeNow(because: .tooSlow)
    }
}
