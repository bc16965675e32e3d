import JSON
import NIOCore
import ShownText

/// What is on its way to a client, and how far the client lags behind.
///
/// A pure value, owned by its connection's event loop.
struct ConnectionOutput {
    /// Bytes handed to the channel that the operating system has not taken.
    private(set) var queuedBytes = 0
    /// Bytes handed to the channel since the beginning.
    private(set) var enqueuedBytes = 0
    /// Bytes of replies that wait for the rest of their batch.
    private(set) var gatheredBytes = 0
    /// The client has much unread and is not read from.
    private(set) var isBackedUp = false
    /// Progress waits, and is replaced by later progress.
    private(set) var progressIsBackedUp = false

    /// What a change of ``queuedBytes`` makes of the back-pressure.
    enum PressureChange {
        case high, relieved
    }

    mutating func enqueue(_ count: Int) {
        queuedBytes += count
        enqueuedBytes += count
    }

    mutating func written(_ count: Int) { queuedBytes -= count }

    /// Why a message of `count` bytes finds no room; nil where it does.
    /// - Parameter unsent: bytes that wait for all clients together.
    func refusal(of count: Int, unsent: Int, limits: RPCServerConfiguration) -> String? {
        if queuedBytes > 0, queuedBytes + count > limits.outputLimit {
            return "\(queuedBytes) bytes wait, and the limit is \(limits.outputLimit)"
        }
        if queuedBytes > limits.outputHighWatermark, unsent + count > limits.maximumOutput {
            return "\(unsent) bytes wait for all clients, and the limit is \(limits.maximumOutput)"
        }
        return nil
    }

    mutating func updatePressure(_ limits: RPCServerConfiguration) -> PressureChange? {
        if queuedBytes > limits.outputHighWatermark {
            isBackedUp = true
            return .high
        }
        guard isBackedUp, queuedBytes <= limits.outputLowWatermark else { return nil }
        isBackedUp = false
        return .relieved
    }

    mutating func gather(_ count: Int) { gatheredBytes += count }

    mutating func endGathering(_ count: Int) { gatheredBytes -= count }

    func isCongested(_ limits: RPCServerConfiguration) -> Bool { queuedBytes > limits.progressWatermark }

    mutating func holdProgress(_ isHeld: Bool) { progressIsBackedUp = isHeld }
}

extension Connection {
    /// Frames smaller than this are copied into one buffer rather than written piece by piece.
    private static let joinLimit = 16 << 10

    /// Sends a reply on its way, alone or in its batch.
    func deliver(_ reply: ByteBuffer, to destination: ReplyDestination, _ finished: FinishedRequest?) {
        switch destination {
        case .single: send([reply], finishing: finished.map { [$0] } ?? [])
        case .batch(let batch):
            let reply = fitting(reply, finished)
            output.gather(reply.readableBytes)
            guard batch.add(reply, finished) else { return }
            output.endGathering(batch.bytes)
            send(batch.parts, finishing: batch.finished)
        case .none:
            if let finished { report([finished], written: finished.replied) }
        }
    }

    /// A reply that is to wait for the rest of its batch, or, where too much waits already, an error in its place.
    private func fitting(_ reply: ByteBuffer, _ finished: FinishedRequest?) -> ByteBuffer {
        let limit = service.configuration.outputLimit
        // A small one may tell a handle, and a batch cannot have many.
        guard output.gatheredBytes > 0, reply.readableBytes > Self.joinLimit,
            output.gatheredBytes + output.queuedBytes + reply.readableBytes > limit,
            let id = finished?.id
        else { return reply }
        service.ledger.count(\.overloaded)
        let error = RPCError.overloaded(
            "the replies of this batch that wait to be sent together have \(output.gatheredBytes) bytes, and the limit is \(limit); "
                + "ask again, in smaller batches")
        return ByteBuffer(bytes: OutgoingMessage.error(error, id: id))
    }

    /// Writes one message, given in parts.
    func send(_ payload: [ByteBuffer], finishing requests: [FinishedRequest] = []) {
        guard phase == .open, let context else { return }
        let framing = input.framing ?? .lines
        let count = payload.reduce(0) { $0 + $1.readableBytes }
        var parts = [ByteBuffer(string: framing.prefix(payloadBytes: count))] + payload
        parts.append(ByteBuffer(string: framing.suffix))
        parts.removeAll { $0.readableBytes == 0 }
        let total = parts.reduce(0) { $0 + $1.readableBytes }
        if let refusal = output.refusal(
            of: total, unsent: service.ledger.unsent(0), limits: service.configuration)
        {
            drop(refusal)
            return
        }
        if total <= Self.joinLimit, parts.count > 1 {
            var joined = context.channel.allocator.buffer(capacity: total)
            for part in parts { joined.writeImmutableBuffer(part) }
            parts = [joined]
        }
        output.enqueue(total)
        service.ledger.unsent(total)
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] result in
            written(total, result, finishing: requests)
        }
        for part in parts.dropLast() { context.write(wrapOutboundOut(part), promise: nil) }
        if let last = parts.last { context.writeAndFlush(wrapOutboundOut(last), promise: promise) }
        updatePressure()
    }

    private func written(_ count: Int, _ result: Result<Void, any Error>, finishing requests: [FinishedRequest]) {
        output.written(count)
        service.ledger.unsent(-count)
        guard case .success = result else {
            context?.close(promise: nil)
            return
        }
        service.ledger.count(\.bytesWritten, by: count)
        report(requests, written: ContinuousClock.now)
        updatePressure()
        closeIfFlushed()
    }

    private func updatePressure() {
        switch output.updatePressure(service.configuration) {
        case .high: watchForStall()
        case .relieved:
            stall.cancel()
            watchForStall()
            readIfWanted()
        case nil: break
        }
        if output.progressIsBackedUp, !isCongested { collectLetters() }
    }

    private var isCongested: Bool { output.isCongested(service.configuration) }

    /// Sends the notifications that wait, if the client keeps up.
    func collectLetters() {
        guard phase == .open else { return }
        output.holdProgress(isCongested)
        for letter in mailbox.collect(isBackedUp: output.progressIsBackedUp)
        where requests.pending.contains(letter.sequence) {
            send([ByteBuffer(bytes: letter.bytes)])
        }
    }

    /// Sends what a request said before its reply; on a client that does not keep up this is dropped.
    func sendLetters(of sequence: UInt64) {
        let letters = mailbox.collect(of: sequence)
        guard !isCongested else {
            service.ledger.count(\.notificationsDropped, by: letters.count)
            return
        }
        for letter in letters { send([ByteBuffer(bytes: letter.bytes)]) }
    }

    /// Tells a client that traces about a request that has its reply.
    func trace(_ request: FinishedRequest) {
        guard requests.traceLevel != .off, !isCongested else { return }
        let method = request.method.excerpt
        let subject = request.id.map { "'\(method)' (id \($0))" } ?? "'\(method)'"
        let outcome =
            switch request.outcome {
            case .result: "answered"
            case .error: "failed"
            case .cancelled: "cancelled"
            }
        var params: JSONValue = [
            "message": .string("\(subject) \(outcome) after \(request.replied - request.received)")
        ]
        if requests.traceLevel == .verbose, case .object(var members) = params {
            members["verbose"] = .string(
                "queue \(request.started - request.received), handler \(request.replied - request.started), "
                    + "\(requests.pending.count) more in flight")
            params = .object(members)
        }
        guard let bytes = try? OutgoingMessage.notification("$/logTrace", params: params) else { return }
        send([ByteBuffer(bytes: bytes)])
    }

    /// Sends a `window/logMessage` that belongs to no request: errors and warnings to every client that has said
    /// `initialize`, what is less grave to those among them that trace.
    func tell(_ type: LogMessageType, _ notification: ByteBuffer) {
        guard phase == .open, requests.isInitialized, type.isGrave || requests.traceLevel != .off else { return }
        guard !isCongested else {
            service.ledger.count(\.notificationsDropped)
            return
        }
        send([notification])
    }

    private func report(_ finished: [FinishedRequest], written: ContinuousClock.Instant) {
        guard let hook = service.configuration.onRequestFinished else { return }
        for request in finished {
            hook(
                RequestTimings(
                    method: request.method, id: request.id, connection: id, outcome: request.outcome,
                    queue: request.started - request.received, handle: request.replied - request.started,
                    write: written - request.replied, stages: request.stages))
        }
    }
}
