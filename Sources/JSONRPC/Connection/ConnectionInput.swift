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
    /// Bytes of the inbox's messages and of the one that is being parsed.
    private var waitingBytes = 0
    /// What the ledger was told of these and of the unfinished message.
    private var countedBytes = 0
    private var readIsHeld = false
    /// A large message is being parsed elsewhere; those after it wait.
    private var isParsing = false
    /// Other connections have their turn; messages wait.
    private var isPaused = false
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

    /// Whether messages that come now would only wait.
    var isHeld: Bool { isParsing || isPaused }

    /// Takes the next arrival out; none while a message is being parsed or others have their turn. The bytes of a
    /// message wait until ``taken(_:)``.
    mutating func next() -> Arrival? { isHeld ? nil : inbox.popFirst() }

    /// Leaves the turn to others, if anything waits.
    /// - Returns: whether ``resume()`` is due.
    mutating func pause() -> Bool {
        guard !isHeld, !inbox.isEmpty else { return false }
        isPaused = true
        return true
    }

    mutating func resume() { isPaused = false }

    /// Notes that a message of `bytes` is on its way to its handlers.
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

    /// How much the bytes that no handler has yet have grown since this was last asked.
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

    /// How long the messages of one connection are worked on before other connections of the event loop, and bytes that
    /// have come meanwhile, have their turn.
    private static let turn = Duration.microseconds(250)
    /// Messages that take more memory than this are parsed one at a time.
    private static let memoryHungry = 64 << 20

    var mayRead: Bool { !input.isHeld && !output.isBackedUp }

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
        let end = ContinuousClock.now + Self.turn
        while phase == .open, let (event, received) = input.next() {
            switch event {
            case .failure(let error): failInput(error)
            case .message(let bytes) where bytes.count <= Self.inlineParseLimit:
                input.taken(bytes.count)
                let survey = JSONSurvey(bytes)
                accept(parse(bytes, survey), holding: survey.valueBytes, received: received)
            case .message(let bytes): parseElsewhere(bytes, received: received)
            }
            if ContinuousClock.now >= end { break }
        }
        if input.pause() { Turns.ofThisLoop.wait(self) }
        closeWhenDone()
    }

    /// Called when this connection has its turn again.
    func resumeInbox() {
        input.resume()
        processInbox()
        countUnfinished()
        readIfWanted()
    }

    private var parse: @Sendable ([UInt8], JSONSurvey) -> IncomingMessage {
        let limits = service.configuration.messageLimits
        let maximumBatch = service.configuration.maximumBatch
        return { IncomingMessage(parsing: $0, surveyed: $1, limits: limits, maximumBatch: maximumBatch) }
    }

    private func parseElsewhere(_ bytes: [UInt8], received: ContinuousClock.Instant) {
        input.beginParsing()
        let parse = parse
        let connection = bound
        let eventLoop = eventLoop
        Threads.json.runIfActive(eventLoop: eventLoop) { JSONSurvey(bytes) }
            .flatMap { survey in
                let pool = survey.parsingBytes > Self.memoryHungry ? Threads.memoryHungryJSON : Threads.json
                return pool.runIfActive(eventLoop: eventLoop) { (parse(bytes, survey), survey.valueBytes) }
            }
            .whenSuccess { message, size in
                connection.value.parsed(message, bytes: bytes.count, holding: size, received: received)
            }
    }

    private func parsed(
        _ message: IncomingMessage, bytes: Int, holding size: Int, received: ContinuousClock.Instant
    ) {
        guard phase != .closed else { return }
        input.taken(bytes)
        if phase == .open { accept(message, holding: size, received: received) }
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

    /// - Parameter size: what the message takes in memory, in bytes.
    private func accept(_ message: IncomingMessage, holding size: Int, received: ContinuousClock.Instant) {
        switch message {
        case .unreadable(let error):
            service.ledger.count(\.malformed)
            send([ByteBuffer(bytes: OutgoingMessage.error(error, id: .null))])
        case .single(let item):
            handle(item, destination: .single, admission: admit([item], holding: size), received: received)
        case .batch(let all):
            // What follows an `exit` is neither run nor replied to; what comes before it is owed its replies.
            let items = all.firstIndex { $0.isExit }.map { all[...$0] } ?? all[...]
            let replies = items.count { $0.getsReply }
            let admission = admit(items, holding: size)
            let batch = BatchReply(expecting: replies)
            for item in items {
                handle(item, destination: .batch(batch), admission: admission, received: received)
            }
        }
    }
}

/// The connections of one event loop whose messages wait for their turn, in order; confined to that loop.
///
/// An event loop looks for bytes only when no task is due, so turns that were scheduled each for itself would follow
/// one another for ever, and a client that sends a single message would not be heard. One turn is scheduled at a time,
/// and bytes that have come are looked for between two of them.
private final class Turns {
    /// Safe because each thread, and so each event loop, sees a value of its own.
    nonisolated(unsafe) private static let perLoop = ThreadSpecificVariable<Turns>()
    /// The time until the next turn: long enough that it is not due yet when the loop has done what is.
    private static let pause = TimeAmount.microseconds(50)

    private var waiting = CircularBuffer<Connection>()
    private var isScheduled = false

    static var ofThisLoop: Turns {
        if let turns = perLoop.currentValue { return turns }
        let turns = Turns()
        perLoop.currentValue = turns
        return turns
    }

    func wait(_ connection: Connection) {
        waiting.append(connection)
        schedule(on: connection.eventLoop)
    }

    private func schedule(on loop: any EventLoop) {
        guard !isScheduled else { return }
        isScheduled = true
        loop.assumeIsolated().scheduleTask(in: Self.pause) { [self] in
            isScheduled = false
            guard let next = waiting.popFirst() else { return }
            next.resumeInbox()
            if !waiting.isEmpty { schedule(on: loop) }
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
