import Encoders
import Interactions

/// One side of a game and the embeddings of its masks so far. Every explanation of the same image (or text) shares it;
/// whatever one of them encodes, all of them have.
package actor MaskedGame {
    /// Encodes coalitions; returns `[coalitions, dimension]` and which rows were reached before a cancellation.
    package typealias Encode = @Sendable ([Coalition]) async throws -> EncodedRows

    package nonisolated let key: GameKey
    package private(set) var samples: GameSamples
    /// Coalitions some refinement is encoding at this moment.
    private var pending: Set<Coalition> = []
    private let waiters = Waiters()
    private var expansions = KeptExpansions()
    /// What its patches say in the pass over the whole image; found again where it was forgotten.
    private var patchStates: PatchStates?
    /// How many wait for each expansion that is being made.
    private var expansionWaiters: [Task<SideExpansion, any Error>: Int] = [:]
    /// Told how many bytes the expansions hold whenever that changes.
    private let bookExpansions: @Sendable (Int) -> Void
    /// Masks claimed at a time, so that others who want some of them wait briefly.
    private static let claim = 256

    init(key: GameKey, samples: GameSamples, bookExpansions: @escaping @Sendable (Int) -> Void) {
        self.key = key
        self.samples = samples
        self.bookExpansions = bookExpansions
    }

    /// What this side says by itself, on the first `masks` masks of a plan; made once for all who ask for the same.
    package func expansion(
        _ plan: SamplingPlan, masks: Int, p: Double, order: Int, standardErrors: Bool, prior: SidePrior? = nil,
        on threads: WorkThreads
    ) async throws -> SideExpansion {
        let key = KeptExpansions.Key(
            p: p, order: order, seed: plan.seed, paired: plan.paired, masks: masks, standardErrors: standardErrors,
            prior: prior?.identity)
        if let known = expansions.find(key) { return try await value(of: known) }
        let side = GameSide(samples: samples, plan: plan, masks: masks, prior: prior)
        let earlier = expansions.latest
        let task = Task {
            try await threads.run { turn in
                do {
                    return try SideExpansion(
                        side, p: p, order: order, standardErrors: standardErrors, earlier: earlier,
                        isCancelled: turn.isCancelled)
                } catch let error as InteractionError {
                    throw ApplicationError.estimation(error)
                }
            }
        }
        expansions.insert(key, task)
        let result: Result<SideExpansion, any Error>
        do {
            result = .success(try await value(of: task))
        } catch {
            result = .failure(error)
        }
        expansions.finish(task, try? result.get())
        book()
        return try result.get()
    }

    private func book() { bookExpansions(expansions.bytes + (patchStates?.bytes ?? 0)) }

    /// What the patches of the whole image say by themselves.
    /// - Parameter encode: finds it out where it is not known.
    func patchStates(_ encode: @Sendable () async throws -> PatchStates?) async throws -> PatchStates? {
        if let patchStates { return patchStates }
        guard let states = try await encode() else { return nil }
        patchStates = states
        book()
        return states
    }

    /// What a task makes, which is cancelled when all who wait for it have been.
    private func value(of task: Task<SideExpansion, any Error>) async throws -> SideExpansion {
        expansionWaiters[task, default: 0] += 1
        defer { expansionWaiters[task] = nil }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            Task { await self.stopWaiting(for: task) }
        }
    }

    private func stopWaiting(for task: Task<SideExpansion, any Error>) {
        guard let others = expansionWaiters[task].map({ $0 - 1 }) else { return }
        expansionWaiters[task] = others
        guard others == 0 else { return }
        // Who asks from here on must not find it.
        expansions.finish(task, nil)
        task.cancel()
    }

    /// Gives back the memory of what can be made again.
    func forgetExpansions() {
        expansions.removeAll()
        patchStates = nil
    }

    /// Encodes what `wanted` lists and the game lacks. A coalition that another refinement is encoding is waited for,
    /// not encoded twice. What was finished stays, also when this is cancelled or fails.
    /// - Returns: false if a cancellation left something out.
    package func encode(_ wanted: [Coalition], with encode: Encode) async throws -> Bool {
        var missing = wanted
        while true {
            missing.removeAll { samples.row(of: $0) != nil }
            if missing.isEmpty { return true }
            if Task.isCancelled { return false }
            let mine = Array(missing.lazy.filter { !self.pending.contains($0) }.prefix(Self.claim))
            if mine.isEmpty {
                await waiters.wait(after: waiters.changes)
                continue
            }
            pending.formUnion(mine)
            defer {
                pending.subtract(mine)
                waiters.wakeAll()
            }
            let rows = try await encode(mine)
            try store(mine, rows)
        }
    }

    /// The embeddings of a few coalitions, each encoded unless the game holds it.
    /// - Throws: `CancellationError` if a cancellation left something out.
    func embeddings(of coalitions: [Coalition], with encode: Encode) async throws -> [[Float]] {
        guard try await self.encode(Array(Set(coalitions)), with: encode) else { throw CancellationError() }
        return try coalitions.map { coalition in
            guard let row = samples.row(of: coalition) else { throw CancellationError() }
            return Array(samples.embedding(row: row))
        }
    }

    /// How many refinements wait for masks that others are encoding.
    package var waiting: Int { waiters.count }

    private func store(_ coalitions: [Coalition], _ rows: EncodedRows) throws {
        if rows.isComplete {
            try samples.append(coalitions, embeddings: rows.embeddings)
            return
        }
        let width = samples.dimension
        let reached = coalitions.indices.filter { rows.finished[$0] }
        try samples.append(
            reached.map { coalitions[$0] },
            embeddings: reached.flatMap { rows.embeddings[$0 * width..<($0 + 1) * width] })
    }
}
