import Encoders
import Foundation
import JSONRPC
import Tensors

/// The threads that run encoders, one per core, and the queue in front of them.
///
/// A free worker takes the most urgent order and fills its micro-batch with items of other orders for the same model,
/// so eight clients with one image each cost what one client with eight does. Interactive orders go before refinements,
/// small ones first, and their clients take turns; refinements take turns micro-batch by micro-batch. A worker that
/// finds nothing to take shares the operations of a micro-batch in hand, so that a lone image has all cores.
///
/// `@unchecked Sendable` holds because every mutable member is touched only with `condition` locked.
final class EncodeScheduler: @unchecked Sendable {
    private let condition = NSCondition()
    private var orders: [EncodeOrder] = []
    /// Of the clients with interactive orders.
    private var turns = ClientTurns()
    private var isStopped = false
    /// The micro-batches in hand.
    private var teams = OpenTeams()
    /// Workers that have no micro-batch.
    private var idle = 0
    /// Counts up when a model is unloaded; workers drop their scratch memory when it changes.
    private var generation = 0
    private var liveModels: Set<Int> = []
    /// Images of requests that are being decoded, by model.
    private var inPreparation: [Int: Int] = [:]
    /// Until when a worker that found few images waits for those.
    private var gatheringEnd: Double?
    /// When the workers will be woken because gathering is over.
    private var wakeUp: Double?
    let threadCount: Int

    /// Masks of one text share the states of their common beginnings, so that many at a time cost little.
    private static let textMicroBatch = 256
    /// The longest that an image waits for others which are being decoded, in seconds: little beside encoding it.
    private static let gathering = 0.025
    /// Fewer texts are not worth sharing out over the threads.
    private static let leastTextShare = 16

    /// However many requests wait, one micro-batch in so many is a refinement's.
    private static let refinementTurn = 8
    private var taken = 0

    /// Micro-batches since the start, which tells whether the daemon is at work.
    var batchesTaken: Int { condition.withLock { taken } }

    /// Workers that share another's micro-batch.
    var helping: Int { condition.withLock { teams.servers } }

    /// Called by a worker with each micro-batch before it is encoded; tests hold workers here.
    private let beforeBatch: (@Sendable ([EncodeSlice]) -> Void)?
    /// Seconds that only grow.
    private let now: @Sendable () -> Double

    init(
        threadCount: Int, now: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime },
        beforeBatch: (@Sendable ([EncodeSlice]) -> Void)? = nil
    ) {
        self.threadCount = threadCount
        self.now = now
        self.beforeBatch = beforeBatch
        for index in 0..<threadCount {
            startThread("encode-\(index)") { [self] in work() }
        }
    }

    /// Encodes all items, for the client that the task works for. On cancellation it returns early with the rows that
    /// were finished.
    /// - Parameter requestSize: items of the request from these on, where they are a part of it: large requests let
    ///   small ones go first.
    /// - Returns: embeddings `[items, dimension]` in the order of the items, L2-normalised unless `normalize` is false.
    /// - Throws: `EncodeError` from the tower.
    func encode(
        _ model: RunningModel, _ items: EncodeItems, urgency: Urgency, normalize: Bool = true,
        requestSize: Int = 0
    ) async throws -> EncodedRows {
        guard items.count > 0 else { return EncodedRows(embeddings: [], finished: []) }
        let order = Handle(
            EncodeOrder(
                model: model, items: items, urgency: urgency, client: Client.current, normalize: normalize,
                arrival: now(),
                following: max(0, requestSize - items.count)))
        let submission = ContinuousClock.now
        defer { bookStages(of: order.order, since: submission) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(order.order, continuation)
            }
        } onCancel: {
            cancel(order.order)
        }
    }

    private func bookStages(of order: EncodeOrder, since submission: ContinuousClock.Instant) {
        guard let stages = RequestStages.current else { return }
        let end = ContinuousClock.now
        let start = condition.withLock { order.started } ?? end
        stages.add("queue", start - submission)
        stages.add("encode", end - start)
    }

    /// Runs `body`, which decodes `count` images for a model: a worker that would otherwise begin with a few may wait a
    /// moment for them.
    func preparing<Value: Sendable>(
        _ count: Int, for model: RunningModel, _ body: @Sendable () async throws -> Value
    ) async rethrows -> Value {
        guard count > 0 else { return try await body() }
        condition.withLock { inPreparation[model.identity, default: 0] += count }
        defer {
            condition.withLock {
                inPreparation[model.identity, default: 0] -= count
                if inPreparation[model.identity] == 0 { inPreparation[model.identity] = nil }
                wake()
            }
        }
        return try await body()
    }

    /// Items that wait, by urgency.
    var waiting: (interactive: Int, refinement: Int) {
        condition.withLock {
            orders.reduce(into: (0, 0)) { counts, order in
                let left = order.items.count - order.next
                if order.urgency == .interactive { counts.0 += left } else { counts.1 += left }
            }
        }
    }

    /// Announces a model that orders will come for.
    func expect(_ model: RunningModel) {
        condition.withLock { _ = liveModels.insert(model.identity) }
    }

    /// Lets workers drop what they hold for a model that is being unloaded.
    func forget(_ model: RunningModel) {
        condition.withLock {
            liveModels.remove(model.identity)
            generation += 1
            wake()
        }
    }

    /// Ends the threads after the micro-batches in hand; orders that wait are answered with what they have.
    func stop() {
        let done = condition.withLock {
            isStopped = true
            for order in orders { order.next = order.items.count }
            wake()
            return orders.compactMap(detachIfDone)
        }
        for resume in done { resume() }
    }

    private func submit(_ order: EncodeOrder, _ continuation: CheckedContinuation<EncodedRows, any Error>) {
        let refusal: (@Sendable () -> Void)? = condition.withLock {
            guard !isStopped, !Task.isCancelled else { return { continuation.resume(throwing: CancellationError()) } }
            order.continuation = continuation
            orders.append(order)
            wake()
            return nil
        }
        refusal?()
    }

    private func cancel(_ order: EncodeOrder) {
        let resume = condition.withLock {
            order.next = order.items.count
            return detachIfDone(order)
        }
        resume?()
    }

    /// With `condition` locked: takes an order that is done out of the queue.
    /// - Returns: what answers it, to be called once `condition` is unlocked: resuming a task takes locks that
    ///   a cancellation holds while it waits for `condition`.
    private func detachIfDone(_ order: EncodeOrder) -> (@Sendable () -> Void)? {
        guard !order.hasWaiting, order.inFlight == 0, let continuation = order.continuation else { return nil }
        order.continuation = nil
        orders.removeAll { $0 === order }
        let handle = Handle(order)
        return {
            if let failure = handle.order.failure {
                continuation.resume(throwing: failure)
            } else {
                continuation.resume(returning: handle.order.result)
            }
        }
    }

    /// With `condition` locked: the next micro-batch, made of items of one model and modality.
    private func takeBatch() -> [EncodeSlice] {
        gatheringEnd = nil
        let waiting = orders.filter(\.hasWaiting)
        let interactive = inTurns(waiting.filter { $0.urgency == .interactive })
        let refinements = waiting.filter { $0.urgency == .refinement }
        let isRefinementsTurn = interactive.isEmpty || (taken + 1) % Self.refinementTurn == 0
        let queue = isRefinementsTurn && !refinements.isEmpty ? refinements : interactive
        guard let first = queue.first else { return [] }
        let alike = queue.filter { $0.mixes(with: first) }
        // What waits is shared out evenly where it does not fill every thread's micro-batch.
        let share = (alike.reduce(0) { $0 + $1.items.count - $1.next } + threadCount - 1) / threadCount
        var room: Int
        switch first.items {
        case .images: room = min(share, first.model.loaded.imageMicroBatch)
        case .texts: room = min(max(share, Self.leastTextShare), Self.textMicroBatch)
        }
        if isWorthGathering(alike, share: share) { return [] }
        taken += 1
        let time = now()
        var slices: [EncodeSlice] = []
        for order in alike where room > 0 {
            let end = min(order.next + room, order.items.count)
            slices.append(EncodeSlice(order: order, range: order.next..<end))
            room -= end - order.next
            order.next = end
            order.inFlight += 1
            order.started = order.started ?? .now
            // What is left of a large order queues again behind what came meanwhile.
            order.rank = time + order.handicap
            switch order.urgency {
            case .interactive: turns.took(order.client, at: time)
            case .refinement:
                orders.removeAll { $0 === order }
                orders.append(order)
            }
        }
        return slices
    }

    /// With `condition` locked: interactive orders by urgency. The client whose smallest request is due goes first,
    /// with the order of its own that is due; then one of each other client, and the second of each only after them.
    private func inTurns(_ waiting: [EncodeOrder]) -> [EncodeOrder] {
        let clients = Dictionary(grouping: waiting, by: \.client)
        turns.keep { clients[$0] != nil }
        let queued = clients.flatMap { client, orders in
            let due = orders.map { turns.start(of: client, arrival: $0.rank - $0.handicap) + $0.handicap }.min() ?? 0
            return orders.sorted { $0.rank < $1.rank }.enumerated().map {
                (turn: $0.offset, due: due, order: $0.element)
            }
        }
        return queued.sorted { ($0.turn, $0.due, $0.order.rank) < ($1.turn, $1.due, $1.order.rank) }.map(\.order)
    }

    /// With `condition` locked: whether to wait for images that are being decoded before taking less than a full
    /// micro-batch.
    private func isWorthGathering(_ alike: [EncodeOrder], share: Int) -> Bool {
        guard let first = alike.first, first.urgency == .interactive, case .images = first.items,
            share < first.model.loaded.imageMicroBatch, inPreparation[first.model.identity] != nil,
            let oldest = alike.map(\.arrival).min()
        else { return false }
        let end = oldest + Self.gathering
        guard now() < end else { return false }
        gatheringEnd = end
        return true
    }

    /// With `condition` locked. A timed wait on `condition` would go by the wall clock, which may be set back
    /// meanwhile.
    private func wakeWorkers(at instant: Double) {
        guard wakeUp != instant else { return }
        wakeUp = instant
        let left = instant - now()
        DispatchQueue.global(qos: .userInitiated).asyncAfter(deadline: .now() + max(0.001, left)) { [self] in
            condition.withLock {
                wakeUp = nil
                wake()
            }
        }
    }

    private func work() {
        var worker = EncodeWorker()
        var seen = 0
        while true {
            condition.lock()
            var batch = takeBatch()
            while batch.isEmpty && !isStopped {
                if seen != generation { break }
                if let gatheringEnd { wakeWorkers(at: gatheringEnd) }
                idle += 1
                if !help(&worker) { condition.wait() }
                idle -= 1
                batch = takeBatch()
            }
            if seen != generation {
                seen = generation
                worker.keep(models: liveModels)
            }
            let ending = isStopped && batch.isEmpty
            let team = isWorthSharing(batch) ? openTeam() : nil
            condition.unlock()
            if ending { return }
            guard let model = batch.first?.order.model else { continue }
            beforeBatch?(batch)
            var failures = [worker.run(batch, model: model, team: team)]
            if batch.count > 1 {
                // What one request's items do wrong must not be told to the others.
                failures = batch.map { slice in failures[0] == nil ? nil : worker.run([slice], model: model, team: nil)
                }
            }
            let done = condition.withLock {
                if let team { teams.remove(team) }
                for (slice, failure) in zip(batch, failures) {
                    slice.order.inFlight -= 1
                    if let failure {
                        slice.order.failure = failure
                    } else {
                        for row in slice.range { slice.order.finished[row] = true }
                    }
                }
                return batch.compactMap { detachIfDone($0.order) }
            }
            for resume in done { resume() }
        }
    }

    /// Whether a micro-batch has work for more than one thread.
    private func isWorthSharing(_ batch: [EncodeSlice]) -> Bool {
        guard threadCount > 1, let model = batch.first?.order.model.loaded else { return false }
        let work = batch.reduce(0) { work, slice in
            switch slice.order.items {
            case .images: work + slice.range.count * model.leastProductOfImage
            case .texts(let items): items[slice.range].reduce(work) { $0 + model.leastProduct(of: $1.text) }
            }
        }
        return work >= ComputeTeam.leastWork
    }

    /// With `condition` locked: opens a micro-batch to threads that have nothing else to do.
    private func openTeam() -> ComputeTeam? {
        guard let team = try? ComputeTeam() else { return nil }
        teams.add(team)
        if idle > 0 { condition.broadcast() }
        return team
    }

    /// With `condition` locked, which it lets go meanwhile: serves another worker's micro-batch, if there is one.
    /// - Returns: whether it did.
    private func help(_ worker: inout EncodeWorker) -> Bool {
        guard let service = teams.join() else { return false }
        condition.unlock()
        let helped = worker.help(service)
        condition.lock()
        teams.leave(service)
        return helped
    }

    /// With `condition` locked: lets all workers that wait or help others look for work.
    private func wake() {
        teams.dismiss()
        condition.broadcast()
    }
}

/// Carries an order into a cancellation handler.
///
/// `@unchecked Sendable` holds because the order's mutable members are guarded by the scheduler's condition.
private struct Handle: @unchecked Sendable {
    let order: EncodeOrder
    init(_ order: EncodeOrder) { self.order = order }
}
