import Encoders
import Foundation
import JSONRPC
import Tensors

/// The threads that run encoders, one per core, in front of an ``EncodeQueue``.
///
/// Eight clients with one image each cost what one client with eight does. A worker that finds nothing to take shares
/// the operations of a micro-batch in hand, so that a lone image has all cores.
///
/// `@unchecked Sendable` holds because every mutable member is touched only with `condition` locked.
package final class EncodeScheduler: @unchecked Sendable {
    private let condition = NSCondition()
    private var queue: EncodeQueue
    /// The orders that have not been answered, by number.
    private var orders: [Int: EncodeOrder] = [:]
    private var submissions = 0
    private var isStopped = false
    /// The micro-batches in hand.
    private var teams = OpenTeams()
    /// Workers that have no micro-batch.
    private var idle = 0
    /// Counts up when a model is unloaded; workers drop their scratch memory when it changes.
    private var generation = 0
    private var liveModels: Set<Int> = []
    /// When the workers will be woken because gathering is over.
    private var wakeUp: Double?
    package let threadCount: Int

    /// Micro-batches since the start, which tells whether the daemon is at work.
    package var batchesTaken: Int { condition.withLock { queue.taken } }

    /// Workers that share another's micro-batch.
    package var helping: Int { condition.withLock { teams.servers } }

    /// Called by a worker with each micro-batch before it is encoded; tests hold workers here.
    private let beforeBatch: (@Sendable ([EncodeSlice]) -> Void)?
    /// The time, in seconds that only grow.
    private let now: @Sendable () -> Double

    package init(
        threadCount: Int, now: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime },
        beforeBatch: (@Sendable ([EncodeSlice]) -> Void)? = nil
    ) {
        self.threadCount = threadCount
        self.now = now
        self.beforeBatch = beforeBatch
        queue = EncodeQueue(threads: threadCount)
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
    package func encode(
        _ model: RunningModel, _ items: EncodeItems, urgency: Urgency, normalize: Bool = true,
        requestSize: Int = 0
    ) async throws -> EncodedRows {
        guard items.count > 0 else { return EncodedRows(embeddings: [], finished: []) }
        let order = EncodeOrder(
            number: condition.withLock {
                submissions += 1
                return submissions
            }, model: model, items: items,
            kind: EncodeQueue.Kind(
                model: model.identity, modality: items.modality, urgency: urgency, normalize: normalize))
        let ticket = EncodeQueue.Ticket(
            number: order.number, kind: order.kind, client: order.client, count: items.count,
            following: max(0, requestSize - items.count), imageMicroBatch: model.loaded.imageMicroBatch)
        let submission = ContinuousClock.now
        defer { bookStages(of: order, since: submission) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(order, ticket, continuation)
            }
        } onCancel: {
            cancel(order)
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
        condition.withLock { queue.prepare(count, for: model.identity) }
        defer {
            condition.withLock {
                queue.prepare(-count, for: model.identity)
                wake()
            }
        }
        return try await body()
    }

    /// Items that wait, by urgency.
    package var waiting: (interactive: Int, refinement: Int) { condition.withLock { queue.waiting } }

    /// Announces a model that orders will come for.
    package func expect(_ model: RunningModel) {
        condition.withLock { _ = liveModels.insert(model.identity) }
    }

    /// Lets workers drop what they hold for a model that is being unloaded.
    package func forget(_ model: RunningModel) {
        condition.withLock {
            liveModels.remove(model.identity)
            generation += 1
            wake()
        }
    }

    /// Ends the threads after the micro-batches in hand; orders that wait are answered with what they have.
    package func stop() {
        let done = condition.withLock {
            isStopped = true
            queue.removeAll()
            wake()
            return orders.values.compactMap(detachIfDone)
        }
        for resume in done { resume() }
    }

    private func submit(
        _ order: EncodeOrder, _ ticket: EncodeQueue.Ticket, _ continuation: CheckedContinuation<EncodedRows, any Error>
    ) {
        let isRefused = condition.withLock {
            guard !isStopped, !Task.isCancelled else { return true }
            order.continuation = continuation
            orders[order.number] = order
            queue.add(ticket, at: now())
            wake()
            return false
        }
        if isRefused { continuation.resume(throwing: CancellationError()) }
    }

    private func cancel(_ order: EncodeOrder) {
        order.cancellation.set()
        let resume = condition.withLock {
            queue.remove(order.number)
            return detachIfDone(order)
        }
        resume?()
    }

    /// With `condition` locked: forgets an order that is done.
    /// - Returns: what answers it, to be called once `condition` is unlocked: resuming a task takes locks that
    ///   a cancellation holds while it waits for `condition`.
    private func detachIfDone(_ order: EncodeOrder) -> (@Sendable () -> Void)? {
        guard order.inFlight == 0, !queue.holds(order.number), let continuation = order.continuation else { return nil }
        order.continuation = nil
        orders[order.number] = nil
        return {
            if let failure = order.failure {
                continuation.resume(throwing: failure)
            } else {
                continuation.resume(returning: order.result)
            }
        }
    }

    /// With `condition` locked: the next micro-batch.
    private func takeBatch() -> [EncodeSlice] {
        switch queue.take(at: now()) {
        case .nothing: return []
        case .gather(let end):
            wakeWorkers(at: end)
            return []
        case .take(let shares):
            return shares.compactMap { share in
                guard let order = orders[share.order] else { return nil }
                order.inFlight += 1
                order.started = order.started ?? .now
                return EncodeSlice(order: order, range: share.range)
            }
        }
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
            let outcomes = worker.outcomes(of: batch, model: model, team: team)
            let done = condition.withLock {
                if let team { teams.remove(team) }
                for (slice, outcome) in zip(batch, outcomes) { note(outcome, of: slice) }
                return batch.compactMap { detachIfDone($0.order) }
            }
            for resume in done { resume() }
        }
    }

    /// With `condition` locked.
    private func note(_ outcome: EncodeWorker.Outcome, of slice: EncodeSlice) {
        slice.order.inFlight -= 1
        switch outcome {
        case .finished: for row in slice.range { slice.order.finished[row] = true }
        case .cancelled: break
        case .failed(let failure):
            slice.order.failure = failure
            queue.remove(slice.order.number)
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
