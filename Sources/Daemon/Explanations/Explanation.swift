import Encoders
import Interactions

/// Which estimate: nil stands for what the explanation was opened with.
package struct EstimateChoice: Sendable, Equatable {
    package var estimator: Estimator?
    package var order: Int?

    package init(estimator: Estimator? = nil, order: Int? = nil) {
        self.estimator = estimator
        self.order = order
    }
}

/// Two inputs under explanation, an image and a caption in most cases: their games, how far they have come, and the
/// estimates made so far. Owns what changes as it is refined; the games themselves belong to the `GameStore`.
package actor Explanation {
    package nonisolated let id: String
    nonisolated let hold: ModelHold
    /// Of what it keeps of its pictures and captions.
    nonisolated let memory: MemoryHold
    nonisolated let settings: ExplanationSettings
    /// What is masked: the first side, then what the second is the weighted sum of. Players are numbered in this order.
    package nonisolated let inputs: [ExplainedInput]
    /// A vector of length 1, or a sum of such ones, that is all or a part of the second side.
    nonisolated let fixed: [Float]?
    nonisolated let target: ExplainedTarget?
    nonisolated let scale: ExplanationScale

    /// Values of the empty and the whole pair; at full precision.
    nonisolated let ends: EndValues

    /// Masks of the plans that the current estimate rests on.
    package private(set) var imageMasks = 0
    package private(set) var textMasks = 0
    /// One entry per published estimate, for the curve over the budget.
    private(set) var history: [Checkpoint] = []
    private var estimates: [EstimateKey: InteractionValues] = [:]
    /// Values that a file brought; there is nothing to estimate then.
    private var imported: InteractionValues?
    private var running: [RefinementControl] = []
    private var users = 0

    struct EndValues: Sendable, Equatable {
        var empty: Double
        var full: Double
        /// ⟨f, h⟩ of the whole pair.
        var cosine: Double
        /// v(1, 1) − v(1, ∅) − v(∅, 1) + v(∅, ∅): what the pairs across the two sides make up.
        var centered: Double
    }

    struct Checkpoint: Sendable, Equatable {
        var imageMasks: Int
        var looR2: Double?
        /// The first-order reading at that point.
        var reading: [Double]
    }

    private struct EstimateKey: Hashable {
        var imageMasks: Int
        var textMasks: Int
        var estimator: Estimator
        var order: Int
        var standardErrors: Bool
    }

    /// What it is made of besides what holds its model and memory.
    struct Parts: Sendable {
        var settings: ExplanationSettings
        var inputs: [ExplainedInput]
        var fixed: [Float]?
        var target: ExplainedTarget?
        var scale: ExplanationScale
        var ends: EndValues

        /// Memory that it holds besides its games.
        var bytes: Int { inputs.reduce((fixed?.count ?? 0) * 4) { $0 + $1.bytes } }
    }

    init(id: String, _ parts: Parts, hold: consuming ModelHold, memory: consuming MemoryHold) {
        self.id = id
        self.hold = hold
        self.memory = memory
        settings = parts.settings
        inputs = parts.inputs
        fixed = parts.fixed
        target = parts.target
        scale = parts.scale
        ends = parts.ends
    }

    package nonisolated var model: HeldModel { hold.model }
    nonisolated var players: Int { inputs.reduce(0) { $0 + $1.players } }
    nonisolated var images: [ExplainedImage] { inputs.compactMap(\.image) }
    nonisolated var texts: [ExplainedText] { inputs.compactMap(\.text) }
    nonisolated var isTruncated: Bool { texts.contains(where: \.isTruncated) }

    /// Where each input's players are among all.
    nonisolated var ranges: [Range<Int>] {
        var next = 0
        return inputs.map { input in
            defer { next += input.players }
            return next..<next + input.players
        }
    }

    /// The caption, or what stands for one: what the first input is compared with, in words.
    nonisolated var caption: String { target?.label ?? texts.map(\.caption).joined(separator: " ↔ ") }

    /// Takes values from elsewhere for its own, seen from this model's empty and whole pair.
    func adopt(_ values: InteractionValues) {
        var values = values
        values.baseline += values.emptyValue - ends.empty
        values.emptyValue = ends.empty
        values.fullValue = ends.full
        imported = values
    }

    var isImported: Bool { imported != nil }

    /// Memory that it holds besides its games.
    nonisolated var ownBytes: Int { memory.bytes }

    /// What encodes its masks, in turns with other refinements.
    nonisolated func encoder(on scheduler: EncodeScheduler) -> MaskEncoder {
        MaskEncoder(scheduler: scheduler, model: model.running, urgency: .refinement)
    }

    var isRefining: Bool { !running.isEmpty }

    /// Whether something encodes masks for it.
    var isBusy: Bool { users > 0 }

    /// Runs `body`, which works on it: it is not idle until the end of that.
    /// - Parameter control: of a refinement, so that `stop` reaches it.
    package nonisolated func withUse<Value: Sendable>(
        refiningBy control: RefinementControl? = nil, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        await begin(control)
        do {
            let value = try await body()
            await end(control)
            return value
        } catch {
            await end(control)
            throw error
        }
    }

    private func begin(_ control: RefinementControl?) {
        if let control { running.append(control) }
        users += 1
    }

    private func end(_ control: RefinementControl?) {
        running.removeAll { $0 === control }
        users -= 1
    }

    /// Asks every running refinement to end with its result.
    /// - Returns: how many there were.
    func stop() -> Int {
        for control in running { control.end(.reason(.stopped)) }
        return running.count
    }

    /// Notes that masks were added; never goes back.
    func advance(imageMasks: Int, textMasks: Int) {
        self.imageMasks = max(self.imageMasks, imageMasks)
        self.textMasks = max(self.textMasks, textMasks)
    }

    func record(_ checkpoint: Checkpoint) {
        guard checkpoint.imageMasks > history.last?.imageMasks ?? 0 else { return }
        history.append(checkpoint)
    }

    /// The estimate on the masks encoded so far, made on `threads` and kept until there are more masks. Two who ask at
    /// the same moment both make it, so that either may give up.
    /// - Throws: `ApplicationError` of kind `budgetInvalid` before the first masks.
    package func estimate(_ choice: EstimateChoice, standardErrors: Bool, on threads: WorkThreads) async throws
        -> InteractionValues
    {
        let wanted = try settings.estimatorSettings(choice, standardErrors: standardErrors)
        if let imported {
            guard choice.order ?? imported.order == imported.order, choice.estimator == nil else {
                throw ParameterError(
                    choice.estimator == nil ? "order" : "estimator",
                    "cannot be chosen: the explanation was imported with order \(imported.order), and has no masks to estimate from"
                )
            }
            return imported
        }
        guard hasMasks else {
            throw ApplicationError(
                .budgetInvalid, "the explanation has no masks yet; call explanation/refine with a budget first")
        }
        let key = EstimateKey(
            imageMasks: imageMasks, textMasks: textMasks, estimator: wanted.estimator, order: wanted.order,
            standardErrors: standardErrors)
        if let known = estimates[key] { return known }
        let isExpanded = wanted.index == .banzhaf && wanted.estimator == .ridge && settings.sampling == .crossed
        var sides: [WeightedSide] = []
        for input in inputs {
            let masks = input.modality == .image ? key.imageMasks : key.textMasks
            let side = GameSide(samples: await input.game.samples, plan: input.plan, masks: masks, prior: input.prior)
            var expansion: SideExpansion?
            if isExpanded, input.modality == .image {
                expansion = try await input.game.expansion(
                    input.plan, masks: masks, p: wanted.p, order: wanted.order, standardErrors: standardErrors,
                    prior: input.prior, on: threads)
            }
            sides.append(WeightedSide(side, weight: input.weight, expansion: expansion))
        }
        let (first, scale, ends, fixed) = (sides.removeFirst(), scale, ends, fixed)
        let values = try await threads.run { [sides] turn in
            try turn.check()
            do {
                let vector = try fixed.map { WeightedSide(try GameSide.fixed($0, beside: first.side.plan)) }
                return try Interactions.estimate(
                    first: first.side, second: sides + (vector.map { [$0] } ?? []), scale: scale.factor,
                    bias: scale.bias, emptyValue: ends.empty, fullValue: ends.full, settings: wanted,
                    expansion: first.expansion, isCancelled: turn.isCancelled)
            } catch let error as InteractionError {
                throw ApplicationError.estimation(error)
            }
        }
        estimates = estimates.filter { $0.key.imageMasks == imageMasks && $0.key.textMasks == textMasks }
        estimates[key] = values
        return values
    }

    /// Whether there are masks of every input to estimate from.
    var hasMasks: Bool {
        inputs.allSatisfy { $0.modality == .image ? imageMasks > 0 : textMasks > 0 }
    }

    /// Takes over what the games hold already, up to the limits; of masks drawn together, whole draws. `threads` looks
    /// for them.
    func adoptWarmMasks(images: Int, texts: Int, on threads: WorkThreads) async throws {
        var games: [(plan: SamplingPlan, samples: GameSamples)] = []
        for input in inputs { games.append((input.plan, await input.game.samples)) }
        let isJoint = settings.sampling == .joint
        let warm = try await threads.run { [games] _ in
            guard isJoint else {
                func held(_ modality: Modality, upTo limit: Int) -> Int {
                    Self.common(
                        games.filter { $0.plan.modality == modality }.map {
                            (plan: $0.plan, masks: $0.plan.warm(in: $0.samples, upTo: limit))
                        })
                }
                return (images: held(.image, upTo: images), texts: held(.text, upTo: texts))
            }
            let limit = games.contains { $0.plan.modality == .image } ? images : texts
            let draws = games.reduce(limit) { $0 == 0 ? 0 : $1.plan.warm(in: $1.samples, upTo: $0) }
            return (images: draws, texts: draws)
        }
        advance(imageMasks: warm.images, textMasks: warm.texts)
    }

    /// The masks that several inputs of a kind all have; one with all its masks keeps no other back.
    static func common(_ counts: [(plan: SamplingPlan, masks: Int)]) -> Int {
        counts.filter { !$0.plan.isEnumerated(at: $0.masks) }.map(\.masks).min() ?? counts.map(\.masks).max() ?? 0
    }
}

/// The image players as they lie on the picture.
struct PlayerShape: Sendable {
    let rows: Int
    let columns: Int
    /// `[x0, y0, x1, y1]` in pixels of the source image, crop and resize undone; one per player.
    let boxes: [[Double]]
    /// The player of every patch, where players do not form a grid.
    let regions: [Int]?
}

extension ExplainedImage {
    /// - Parameter patchSize: of the model, in its pixels.
    func shape(patchSize: Int) -> PlayerShape {
        let size = Double(patchSize)
        let boxes = (0..<players.count).map { player in
            let box = players.box(of: player)
            let source = geometry.sourceBox(
                ofInput: (
                    Double(box.columns.lowerBound) * size, Double(box.rows.lowerBound) * size,
                    Double(box.columns.upperBound) * size, Double(box.rows.upperBound) * size
                ))
            return [source.x0, source.y0, source.x1, source.y1]
        }
        return PlayerShape(
            rows: players.grid?.rows ?? players.patchRows, columns: players.grid?.columns ?? players.patchColumns,
            boxes: boxes, regions: players.grid == nil ? players.playerOfPatch : nil)
    }
}
