import JSON
import NIOCore
import NIOPosix

/// From bytes to messages, in order.
extension Connection {
    /// Larger messages are parsed on a thread of their own, so that other connections of the event loop do not wait.
    private static let inlineParseLimit = 32 << 10

    var mayRead: Bool { !isParsing && !outputIsBackedUp }

    func readIfWanted() {
        guard wantsRead, mayRead, let context else { return }
        wantsRead = false
        context.read()
    }

    func receive(_ buffer: ByteBuffer) {
        service.ledger.count(\.bytesRead, by: buffer.readableBytes)
        guard phase == .open, !inputFailed else { return }
        let received = ContinuousClock.now
        append(buffer.withUnsafeReadableBytes { decoder.decode($0) }, received: received)
        processInbox()
        boundUnfinished()
    }

    private func append(_ events: [FrameDecoder.Event], received: ContinuousClock.Instant) {
        for event in events {
            if case .message(let bytes) = event { waitingBytes += bytes.count }
            inbox.append((event, received))
        }
    }

    /// Tells the ledger what has come and no handler has yet.
    /// - Returns: the same of all connections.
    @discardableResult
    func countUnfinished() -> Int {
        let bytes = phase == .closed ? 0 : waitingBytes + decoder.unfinishedBytes
        defer { countedBytes = bytes }
        return service.ledger.receive(bytes - countedBytes)
    }

    /// Gives the unfinished message up if all connections together have sent too much; small ones stay.
    private func boundUnfinished() {
        let total = countUnfinished()
        let limits = service.configuration
        let limit = max(limits.maximumUnfinishedBytes, 2 * limits.framing.messageBytes)
        guard phase == .open, total > limit, decoder.unfinishedBytes > Self.inlineParseLimit else { return }
        append([decoder.giveUp(.tooMuchUnfinished(limit: limit))], received: ContinuousClock.now)
        countUnfinished()
        processInbox()
    }

    /// The client sends no more. What it sent is still answered; that it is gone altogether is told by the channel
    /// becoming inactive.
    func receiveEnd() {
        inputEnded = true
        switch phase {
        case .open:
            if !inputFailed {
                append(decoder.finish(), received: ContinuousClock.now)
            }
            processInbox()
            countUnfinished()
        case .flushing: break
        case .lingering, .closed: context?.close(promise: nil)
        }
    }

    private func processInbox() {
        while phase == .open, !isParsing, let (event, received) = inbox.popFirst() {
            switch event {
            case .failure(let error): failInput(error)
            case .message(let bytes) where bytes.count <= Self.inlineParseLimit:
                waitingBytes -= bytes.count
                accept(parse(bytes), bytes: bytes.count, received: received)
            case .message(let bytes): parseElsewhere(bytes, received: received)
            }
        }
        closeWhenDone()
    }

    private var parse: @Sendable ([UInt8]) -> IncomingMessage {
        let configuration = service.configuration
        let maximumBatch = configuration.maximumBatch
        return { IncomingMessage(parsing: $0, limits: configuration.json, maximumBatch: maximumBatch) }
    }

    private func parseElsewhere(_ bytes: [UInt8], received: ContinuousClock.Instant) {
        isParsing = true
        let parse = parse
        let connection = bound
        Threads.json.runIfActive(eventLoop: eventLoop) { parse(bytes) }.whenSuccess { message in
            connection.value.parsed(message, bytes: bytes.count, received: received)
        }
    }

    private func parsed(_ message: IncomingMessage, bytes: Int, received: ContinuousClock.Instant) {
        isParsing = false
        waitingBytes -= bytes
        if phase == .open { accept(message, bytes: bytes, received: received) }
        processInbox()
        countUnfinished()
        readIfWanted()
    }

    private func failInput(_ error: FramingError) {
        logger.debug("unreadable input: \(error)")
        if case .tooMuchUnfinished = error {
            service.ledger.count(\.overloaded)
        } else {
            service.ledger.count(\.malformed)
        }
        inputFailed = true
        end = .framing(error)
        send([ByteBuffer(bytes: OutgoingMessage.error(error.rpcError, id: .null))])
    }

    /// - Parameter bytes: the length of the message.
    private func accept(_ message: IncomingMessage, bytes: Int, received: ContinuousClock.Instant) {
        switch message {
        case .unreadable(let error):
            service.ledger.count(\.malformed)
            send([ByteBuffer(bytes: OutgoingMessage.error(error, id: .null))])
        case .single(let item):
            handle(item, destination: .single, admission: admit([item], bytes: bytes), received: received)
        case .batch(let all):
            // What follows an `exit` is neither run nor replied to; what comes before it is owed its replies.
            let items = all.firstIndex { $0.isExit }.map { all[...$0] } ?? all[...]
            let replies = items.count { $0.getsReply }
            let admission = admit(items, bytes: bytes)
            let batch = BatchReply(expecting: replies)
            for item in items {
                handle(item, destination: .batch(batch), admission: admission, received: received)
            }
        }
    }
}

extension IncomingItem {
    fileprivate var getsReply: Bool {
        switch self {
        case .request, .invalid: true
        case .notification, .response: false
        }
    }

    fileprivate var isExit: Bool {
        if case .notification("exit", _) = self { true } else { false }
    }
}
