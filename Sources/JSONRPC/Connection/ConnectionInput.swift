import JSON
import NIOCore
import NIOPosix

/// What has come from a client and no handler has yet: bytes on their way to messages, in order.
///
/// A pure value, owned by its connection's event loop.
struct ConnectionInput {
    /// A message or a failure, and when its last byte came.
    typealias Arrival = (event: FrameDecoder.Event, received: ContinuousClock.Instant)

    private var decoder: FrameDecoder
    private var inbox = CircularBuffer<Arrival>()
    /// Of the inbox's messages and of the one that is being parsed.
    private var waitingBytes = 0
    /// What the ledger was told of these and of the unfinished message.
    private var countedBytes = 0
    private var readIsHeld = false
    /// A large message is being parsed elsewhere; those after it wait.
    private(set) var isParsing = false
    /// The client sends no more.
    private(set) var hasEnded = false
    /// The bytes could not be cut into messages; nothing after them counts.
    private(set) var hasFailed = false

    init(limits: FrameDecoder.Limits) { decoder = FrameDecoder(limits: limits) }

    /// The framing of the connection, known from its first byte on.
    var framing: Framing? { decoder.framing }

    /// What has come of a message that is not complete.
    var unfinishedBytes: Int { decoder.unfinishedBytes }

    /// Whether no message waits and none is being parsed.
    var isEmpty: Bool { inbox.isEmpty && !isParsing }

    /// Whether nothing more can come.
    var isOver: Bool { hasEnded || hasFailed }

    mutating func receive(_ bytes: UnsafeRawBufferPointer, at time: ContinuousClock.Instant) {
        append(decoder.decode(bytes), received: time)
    }

    mutating func receiveEnd(at time: ContinuousClock.Instant) {
        hasEnded = true
        if !hasFailed { append(decoder.finish(), received: time) }
    }

    /// Gives the unfinished message up: its error comes after the messages that wait.
    mutating func giveUp(_ error: FramingError, at time: ContinuousClock.Instant) {
        append([decoder.giveUp(error)], received: time)
    }

    private mutating func append(_ events: [FrameDecoder.Event], received: ContinuousClock.Instant) {
        for event in events {
            if case .message(let bytes) = event { waitingBytes += bytes.count }
            inbox.append((event, received))
        }
    }

    /// Takes the next arrival out; none while a message is being parsed. The bytes of a message wait until ``taken(_:)``.
    mutating func next() -> Arrival? { isParsing ? nil : inbox.popFirst() }

    /// A message of so many bytes is on its way to its handlers.
    mutating func taken(_ bytes: Int) {
        isParsing = false
        waitingBytes -= bytes
    }

    mutating func beginParsing() { isParsing = true }

    mutating func fail() { hasFailed = true }

    /// The channel is gone, and nobody will be told of what waits.
    mutating func discard() {
        inbox.removeAll()
        waitingBytes = 0
        decoder = FrameDecoder(limits: decoder.limits)
    }

    /// By how much the bytes that no handler has yet have grown since this was last asked.
    mutating func takeGrowth() -> Int {
        let bytes = waitingBytes + decoder.unfinishedBytes
        defer { countedBytes = bytes }
        return bytes - countedBytes
    }

    mutating func holdRead() { readIsHeld = true }

    mutating func forgetHeldRead() { readIsHeld = false }

    /// - Returns: whether a read was held back; it is not any more.
    mutating func takeHeldRead() -> Bool {
        defer { readIsHeld = false }
        return readIsHeld
    }
}

extension Connection {
    /// Larger messages are parsed on a thread of their own, so that other connections of the event loop do not wait.
    private static let inlineParseLimit = 32 << 10

    var mayRead: Bool { !input.isParsing && !output.isBackedUp }

    func readIfWanted() {
        guard mayRead, let context, input.takeHeldRead() else { return }
        context.read()
    }

    func receive(_ buffer: ByteBuffer) {
        service.ledger.count(\.bytesRead, by: buffer.readableBytes)
        guard phase == .open, !input.hasFailed else { return }
        let received = ContinuousClock.now
        buffer.withUnsafeReadableBytes { input.receive($0, at: received) }
        processInbox()
        boundUnfinished()
    }

    /// Tells the ledger what has come and no handler has yet.
    /// - Returns: the same of all connections.
    @discardableResult
    func countUnfinished() -> Int { service.ledger.receive(input.takeGrowth()) }

    /// Gives the unfinished message up if all connections together have sent too much; small ones stay.
    private func boundUnfinished() {
        let total = countUnfinished()
        let limits = service.configuration
        let limit = max(limits.maximumUnfinishedBytes, 2 * limits.framing.messageBytes)
        guard phase == .open, total > limit, input.unfinishedBytes > Self.inlineParseLimit else { return }
        input.giveUp(.tooMuchUnfinished(limit: limit), at: ContinuousClock.now)
        countUnfinished()
        processInbox()
    }

    /// The client sends no more. What it sent is still answered; that it is gone altogether is told by the channel
    /// becoming inactive.
    func receiveEnd() {
        input.receiveEnd(at: ContinuousClock.now)
        switch phase {
        case .open:
            processInbox()
            countUnfinished()
        case .flushing: break
        case .lingering, .closed: context?.close(promise: nil)
        }
    }

    private func processInbox() {
        while phase == .open, let (event, received) = input.next() {
            switch event {
            case .failure(let error): failInput(error)
            case .message(let bytes) where bytes.count <= Self.inlineParseLimit:
                input.taken(bytes.count)
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
        input.beginParsing()
        let parse = parse
        let connection = bound
        Threads.json.runIfActive(eventLoop: eventLoop) { parse(bytes) }.whenSuccess { message in
            connection.value.parsed(message, bytes: bytes.count, received: received)
        }
    }

    private func parsed(_ message: IncomingMessage, bytes: Int, received: ContinuousClock.Instant) {
        guard phase != .closed else { return }
        input.taken(bytes)
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
        input.fail()
        inputEnds(because: error)
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
