import JSON
import NIOCore

/// From replies and notifications to bytes, with back-pressure.
extension Connection {
    /// Frames smaller than this are copied into one buffer rather than written piece by piece.
    private static let joinLimit = 16 << 10

    /// Sends a reply on its way, alone or in its batch.
    func deliver(_ reply: ByteBuffer, to destination: ReplyDestination, _ finished: FinishedRequest?) {
        switch destination {
        case .single: send([reply], finishing: finished.map { [$0] } ?? [])
        case .batch(let batch):
            let reply = fitting(reply, finished)
            gatheredBytes += reply.readableBytes
            guard batch.add(reply, finished) else { return }
            gatheredBytes -= batch.bytes
            send(batch.parts, finishing: batch.finished)
        case .none:
            if let finished { report([finished], written: finished.replied) }
        }
    }

    /// A reply that is to wait for the rest of its batch, or, where too much waits already, an error in its place.
    private func fitting(_ reply: ByteBuffer, _ finished: FinishedRequest?) -> ByteBuffer {
        let limit = service.configuration.outputLimit
        // A small one may tell a handle, and a batch cannot have many.
        guard gatheredBytes > 0, reply.readableBytes > Self.joinLimit,
            gatheredBytes + queuedBytes + reply.readableBytes > limit,
            let id = finished?.id
        else { return reply }
        service.ledger.count(\.overloaded)
        let error = RPCError.overloaded(
            "the replies of this batch that wait to be sent together have \(gatheredBytes) bytes, and the limit is \(limit); "
                + "ask again, in smaller batches")
        return ByteBuffer(bytes: OutgoingMessage.error(error, id: id))
    }

    /// Writes one message, given in parts.
    func send(_ payload: [ByteBuffer], finishing requests: [FinishedRequest] = []) {
        guard phase == .open, let context else { return }
        let framing = decoder.framing ?? .lines
        let count = payload.reduce(0) { $0 + $1.readableBytes }
        var parts = [ByteBuffer(string: framing.prefix(payloadBytes: count))] + payload
        parts.append(ByteBuffer(string: framing.suffix))
        parts.removeAll { $0.readableBytes == 0 }
        let total = parts.reduce(0) { $0 + $1.readableBytes }
        let configuration = service.configuration
        guard queuedBytes == 0 || queuedBytes + total <= configuration.outputLimit else {
            drop("\(queuedBytes) bytes wait, and the limit is \(configuration.outputLimit)")
            return
        }
        let unsent = service.ledger.unsent(0)
        guard queuedBytes <= configuration.outputHighWatermark || unsent + total <= configuration.maximumOutput else {
            drop("\(unsent) bytes wait for all clients, and the limit is \(configuration.maximumOutput)")
            return
        }
        if total <= Self.joinLimit, parts.count > 1 {
            var joined = context.channel.allocator.buffer(capacity: total)
            for part in parts { joined.writeImmutableBuffer(part) }
            parts = [joined]
        }
        queuedBytes += total
        enqueuedBytes += total
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
        queuedBytes -= count
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
        let configuration = service.configuration
        if queuedBytes > configuration.outputHighWatermark {
            outputIsBackedUp = true
            watchForStall()
        } else if outputIsBackedUp, queuedBytes <= configuration.outputLowWatermark {
            outputIsBackedUp = false
            cancelStallWatch()
            watchForStall()
            readIfWanted()
        }
        if progressIsBackedUp, queuedBytes <= configuration.progressWatermark { collectLetters() }
    }

    private var isCongested: Bool { queuedBytes > service.configuration.progressWatermark }

    /// Sends the notifications that wait, if the client keeps up.
    func collectLetters() {
        guard phase == .open else { return }
        progressIsBackedUp = isCongested
        for letter in mailbox.collect(isBackedUp: progressIsBackedUp) where pending.contains(letter.sequence) {
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
        guard traceLevel != .off, !isCongested else { return }
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
        if traceLevel == .verbose, case .object(var members) = params {
            members["verbose"] = .string(
                "queue \(request.started - request.received), handler \(request.replied - request.started), "
                    + "\(pending.count) more in flight")
            params = .object(members)
        }
        guard let bytes = try? OutgoingMessage.notification("$/logTrace", params: params) else { return }
        send([ByteBuffer(bytes: bytes)])
    }

    /// Sends a `window/logMessage` that belongs to no request: errors and warnings to every client that has said
    /// `initialize`, what is less grave to those among them that trace.
    func tell(_ type: LogMessageType, _ notification: ByteBuffer) {
        guard phase == .open, isInitialized, type.isGrave || traceLevel != .off else { return }
        guard !isCongested else {
            service.ledger.count(\.notificationsDropped)
            return
        }
        send([notification])
    }

    private func report(_ requests: [FinishedRequest], written: ContinuousClock.Instant) {
        guard let hook = service.configuration.onRequestFinished else { return }
        for request in requests {
            hook(
                RequestTimings(
                    method: request.method, id: request.id, connection: id, outcome: request.outcome,
                    queue: request.started - request.received, handle: request.replied - request.started,
                    write: written - request.replied, stages: request.stages))
        }
    }
}
