import JSON
import NIOCore
import ShownText

/// The requests of one client, from admission to reply, and what the client has said about its session.
///
/// A value, owned by its connection's event loop; the room that all connections share is the ledger's.
struct ConnectionRequests {
    /// Room for the handlers of a message, those of a batch as a whole.
    enum Admission {
        case granted(HeldMessages.Number)
        case refused(RPCError)
    }

    private(set) var pending = PendingTable<PendingRequest>()
    /// Handlers that have not returned, replied to or not.
    private var running = 0
    private var held = HeldMessages()
    private(set) var isStopping = false
    private(set) var isShutDown = false
    /// Whether the client's `initialize` was answered with a result: only then is it told what no request of its own
    /// brings about.
    private(set) var isInitialized = false
    private(set) var traceLevel = TraceLevel.off

    /// Asks for room for `count` handlers of a message that takes `bytes` in memory.
    mutating func admit(
        handlers count: Int, bytes: Int, limits: RPCServerConfiguration, ledger: ServerLedger
    ) -> Admission {
        guard count > 0 else { return .granted(held.hold(bytes: 0, handlers: 0)) }
        guard running < limits.maximumInFlightPerConnection else {
            return .refused(
                .overloaded(
                    "this connection has \(running) requests in flight, the limit is "
                        + "\(limits.maximumInFlightPerConnection); wait for replies and try again"))
        }
        guard held.bytes == 0 || held.bytes + bytes <= limits.maximumHeldBytesPerConnection else {
            return .refused(
                .overloaded(
                    "this connection has requests of \(held.bytes) bytes in flight, the limit is "
                        + "\(limits.maximumHeldBytesPerConnection); wait for replies and try again"))
        }
        guard ledger.admit(count, limit: limits.maximumInFlight) else {
            return .refused(
                .overloaded(
                    "the daemon has \(limits.maximumInFlight) requests in flight, which is its limit; "
                        + "try again later"))
        }
        guard ledger.hold(bytes, limit: limits.maximumHeldBytes) else {
            ledger.leave(count)
            return .refused(
                .overloaded(
                    "the daemon has requests of \(limits.maximumHeldBytes) bytes in flight, which is its limit; "
                        + "try again later"))
        }
        running += count
        return .granted(held.hold(bytes: bytes, handlers: count))
    }

    /// A handler of the message has returned, or is not started after all.
    /// - Returns: the bytes that this sets free.
    mutating func release(_ message: HeldMessages.Number) -> Int {
        running -= 1
        return held.release(message)
    }

    mutating func nextSequence() -> UInt64 { pending.nextSequence() }

    mutating func insert(_ request: PendingRequest, sequence: UInt64) {
        pending.insert(request, id: request.id, sequence: sequence)
    }

    /// Takes out the request of a handler that has returned; nil if it was replied to before.
    mutating func take(_ sequence: UInt64) -> PendingRequest? { pending.take(sequence) }

    /// Cancels a request and takes it out. What follows a connection's beginning relies on `initialize`, which stays.
    mutating func cancel(_ id: RequestID) -> (sequence: UInt64, entry: PendingRequest)? {
        guard pending[id]?.method != "initialize", let taken = pending.take(id) else { return nil }
        taken.entry.task.cancel()
        return taken
    }

    /// Cancels every request and takes it out, oldest first.
    mutating func cancelAll() -> [PendingRequest] {
        let requests = pending.takeAll()
        for request in requests { request.task.cancel() }
        return requests
    }

    /// Takes no new request; those that run are cancelled and stay until their handlers return.
    mutating func stop() {
        isStopping = true
        for request in pending.all { request.task.cancel() }
    }

    mutating func shutDown() { isShutDown = true }

    mutating func initialize(trace: JSONValue?) {
        isInitialized = true
        setTrace(trace)
    }

    /// Sets how much the client wants to hear; what is not a level changes nothing.
    mutating func setTrace(_ value: JSONValue?) {
        if let level = value?.string.flatMap({ TraceLevel(rawValue: $0) }) { traceLevel = level }
    }

    /// Why a call that has a handler may not run.
    func refusal(of call: IncomingCall) -> RPCError? {
        if isStopping { return .shuttingDown }
        if isShutDown {
            return .invalidRequest("'\(call.method)' came after 'shutdown'; only 'exit' may follow it")
        }
        if let id = call.id, pending.contains(id) {
            return .invalidRequest("a request with id \(id) is in flight on this connection already")
        }
        return nil
    }
}

extension Connection {
    /// Asks for room for all handlers of a message that takes `bytes` in memory.
    func admit(_ items: ArraySlice<IncomingItem>, holding bytes: Int) -> ConnectionRequests.Admission {
        requests.admit(
            handlers: items.count { service.startsHandler($0) }, bytes: bytes, limits: service.configuration,
            ledger: service.ledger)
    }

    /// - Parameter admission: the admission of the message that the item belongs to.
    func handle(
        _ item: IncomingItem, destination: ReplyDestination, admission: ConnectionRequests.Admission,
        received: ContinuousClock.Instant
    ) {
        guard phase == .open else {
            if case .granted(let message) = admission, service.startsHandler(item) { release(message) }
            return
        }
        switch item {
        case .response: logger.debug("a response came, but no request was sent")
        case .invalid(let id, let error):
            service.ledger.count(\.malformed)
            deliver(ByteBuffer(bytes: OutgoingMessage.error(error, id: id)), to: destination, nil)
        case .request(let id, let method, let params):
            let call = IncomingCall(id: id, method: method, params: params, received: received)
            start(call, destination: destination, admission: admission)
        case .notification(let method, let params):
            let call = IncomingCall(id: nil, method: method, params: params, received: received)
            switch method {
            case "$/cancelRequest": cancel(params?["id"].flatMap { RequestID($0) })
            case "$/setTrace": requests.setTrace(params?["value"])
            case "exit": exit()
            case "initialized": break
            default: start(call, destination: .none, admission: admission)
            }
        }
    }

    private func start(_ call: IncomingCall, destination: ReplyDestination, admission: ConnectionRequests.Admission) {
        let method = call.method
        guard let handler = service.handler(of: call) else {
            answerWithoutHandler(call, destination: destination)
            return
        }
        if let refusal = requests.refusal(of: call) {
            // Its message was admitted with this request in it.
            if case .granted(let message) = admission { release(message) }
            refuse(call, refusal, destination)
            return
        }
        let message: HeldMessages.Number
        switch admission {
        case .granted(let number): message = number
        case .refused(let error):
            service.ledger.count(\.overloaded)
            refuse(call, error, destination)
            return
        }
        let sequence = requests.nextSequence()
        let connection = bound
        let outlet = Outlet(
            sequence: sequence, connection: connection, mailbox: mailbox, ledger: service.ledger)
        let handlerTask = HandlerTask(
            method: method, id: call.id, handler: handler, params: call.params,
            context: RequestContext(method: method, id: call.id, connection: id, outlet: outlet))
        let ledger = service.ledger
        let run: @Sendable () async -> Void = {
            let started = ContinuousClock.now
            let outcome = await handlerTask.run()
            ledger.leave()
            let stages = handlerTask.stages.durations
            connection.eventLoop.execute {
                let isHeard = connection.value.finished(
                    sequence, of: message, outcome, started: started, stages: stages)
                if !isHeard { handlerTask.context.lostReply.remedy() }
            }
        }
        let task = service.methods.isPrompt(method) ? Task.immediate(operation: run) : Task(operation: run)
        requests.insert(
            PendingRequest(
                id: call.id, method: method, introduction: method == "initialize" ? call.params : nil,
                destination: destination, received: call.received, task: task),
            sequence: sequence)
    }

    private func answerWithoutHandler(_ call: IncomingCall, destination: ReplyDestination) {
        if let refusal = requests.refusal(of: call) {
            refuse(call, refusal, destination)
        } else if call.method == "shutdown" {
            // Without an id there is nothing to acknowledge.
            guard let id = call.id else { return }
            requests.shutDown()
            let reply = (try? OutgoingMessage.result(.null, id: id)) ?? []
            service.ledger.finished("shutdown", .result, latency: ContinuousClock.now - call.received)
            trace(FinishedRequest(call, .result))
            deliver(ByteBuffer(bytes: reply), to: destination, nil)
        } else {
            service.ledger.count(\.unknownMethods)
            let isNotification = MethodTable.clientNotifications.contains(call.method)
            refuse(call, isNotification ? .isNotification(call.method) : .methodNotFound(call.method), destination)
        }
    }

    private func refuse(_ call: IncomingCall, _ error: RPCError, _ destination: ReplyDestination) {
        guard let id = call.id else {
            logger.debug("the notification '\(call.method.excerpt)' was not handled: \(error.message)")
            return
        }
        trace(FinishedRequest(call, .error))
        deliver(ByteBuffer(bytes: OutgoingMessage.error(error, id: id)), to: destination, nil)
    }

    /// Gives back the room of a handler that is not started.
    private func release(_ message: HeldMessages.Number) {
        service.ledger.leave()
        service.ledger.letGo(requests.release(message))
    }

    /// A handler has returned. If its request was cancelled meanwhile, nobody waits for the outcome.
    /// - Returns: whether a client gets to know the handler's result.
    private func finished(
        _ sequence: UInt64, of message: HeldMessages.Number, _ outcome: HandlerOutcome,
        started: ContinuousClock.Instant, stages: [String: Duration]
    ) -> Bool {
        service.ledger.letGo(requests.release(message))
        guard phase == .open, let request = requests.take(sequence) else { return false }
        sendLetters(of: sequence)
        let finished = FinishedRequest(
            method: request.method, id: request.id, outcome: outcome.kind, received: request.received,
            started: started, replied: ContinuousClock.now, stages: stages)
        service.ledger.finished(request.method, outcome.kind, latency: finished.replied - finished.received)
        if request.method == "initialize", outcome.kind == .result {
            requests.initialize(trace: request.introduction?["trace"])
        }
        trace(finished)
        switch outcome {
        case .result(let reply), .error(let reply): deliver(reply, to: request.destination, finished)
        case .cancelled:
            let error = requests.isStopping ? RPCError.shuttingDown : .requestCancelled
            deliver(
                ByteBuffer(bytes: OutgoingMessage.error(error, id: request.id ?? .null)), to: request.destination,
                finished)
        }
        closeWhenDone()
        return outcome.kind == .result && request.id != nil
    }

    private func cancel(_ id: RequestID?) {
        guard let id, let (sequence, request) = requests.cancel(id) else { return }
        _ = mailbox.collect(of: sequence)
        reply(.requestCancelled, to: request)
        closeWhenDone()
    }

    /// Cancels what is left and replies to it in place of the handlers.
    func replyToAll(_ error: RPCError) {
        for request in requests.cancelAll() { reply(error, to: request) }
    }

    /// Cancels what is left, which nobody waits for any longer.
    func abandonRequests() {
        for request in requests.cancelAll() {
            service.ledger.finished(request.method, .cancelled, latency: ContinuousClock.now - request.received)
        }
    }

    /// Replies to a request in place of its handler.
    private func reply(_ error: RPCError, to request: PendingRequest) {
        let now = ContinuousClock.now
        let finished = FinishedRequest(
            method: request.method, id: request.id, outcome: .cancelled, received: request.received, started: now,
            replied: now)
        service.ledger.finished(request.method, .cancelled, latency: now - request.received)
        trace(finished)
        deliver(
            ByteBuffer(bytes: OutgoingMessage.error(error, id: request.id ?? .null)), to: request.destination, finished)
    }

    private func exit() {
        replyToAll(.requestCancelled)
        close(because: .exit(afterShutdown: requests.isShutDown))
    }
}

/// A request or notification that names a method.
struct IncomingCall {
    /// `nil` for a notification.
    let id: RequestID?
    let method: String
    let params: JSONValue?
    let received: ContinuousClock.Instant
}

/// Carries a request's progress to its connection.
struct Outlet: Sendable {
    let sequence: UInt64
    let connection: NIOLoopBound<Connection>
    let mailbox: Mailbox
    let ledger: ServerLedger

    func progress(token: JSONValue, value: JSONValue) {
        // A value that JSON cannot hold (NaN) is not worth failing the request for; the result will say so.
        guard let bytes = try? OutgoingMessage.notification("$/progress", params: ["token": token, "value": value])
        else { return }
        let deposit = mailbox.deposit(
            Mailbox.Letter(sequence: sequence, token: RequestID(token) ?? .null, bytes: bytes))
        if deposit.dropped { ledger.count(\.notificationsDropped) }
        guard deposit.mustCollect else { return }
        connection.eventLoop.execute { [connection] in connection.value.collectLetters() }
    }
}
