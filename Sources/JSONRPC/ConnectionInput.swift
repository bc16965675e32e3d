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
        for event in buffer.withUnsafeReadableBytes({ decoder.decode($0) }) { inbox.append((event, received)) }
        processInbox()
    }

    /// The client sends no more. What it sent is still answered; that it is gone altogether is told by the channel
    /// becoming inactive.
    func receiveEnd() {
        inputEnded = true
        switch phase {
        case .open:
            if !inputFailed {
                for event in decoder.finish() { inbox.append((event, ContinuousClock.now)) }
            }
            processInbox()
        case .flushing: break
        case .lingering, .closed: context?.close(promise: nil)
        }
    }

    private func processInbox() {
        while phase == .open, !isParsing, let (event, received) = inbox.popFirst() {
            switch event {
            case .failure(let error): failInput(error)
            case .message(let bytes) where bytes.count <= Self.inlineParseLimit:
                accept(parse(bytes), received: received)
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
            connection.value.parsed(message, received: received)
        }
    }

    private func parsed(_ message: IncomingMessage, received: ContinuousClock.Instant) {
        isParsing = false
        if phase == .open { accept(message, received: received) }
        processInbox()
        readIfWanted()
    }

    private func failInput(_ error: FramingError) {
        logger.debug("unreadable input: \(error)")
        service.ledger.count(\.malformed)
        inputFailed = true
        end = .framing(error)
        send([ByteBuffer(bytes: OutgoingMessage.error(error.rpcError, id: .null))])
    }

    private func accept(_ message: IncomingMessage, received: ContinuousClock.Instant) {
        switch message {
        case .unreadable(let error):
            service.ledger.count(\.malformed)
            send([ByteBuffer(bytes: OutgoingMessage.error(error, id: .null))])
        case .single(let item):
            handle(item, destination: .single, admission: nil, received: received)
        case .batch(let items):
            let replies = items.count { $0.getsReply }
            let admission = admit(items)
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
}
