import Encoders
import Images
import Interactions
import Tokenizers

/// The image of an explanation, ready for the tower.
package struct ExplainedImage: Sendable {
    let prepared: PreparedImage
    let picture: KeptPicture
    /// From the model's pixels back to those of the picture.
    let geometry: ImageGeometry
}

/// A player of a caption: as the caption spells it, and where it stands, in Unicode scalars.
package struct CaptionPlayer: Sendable, Equatable {
    package let text: String
    package let range: Range<Int>
}

/// Which estimate: nil stands for what the explanation was opened with.
package struct EstimateChoice: Sendable, Equatable {
    package var estimator: Estimator?
    package var order: Int?

    package init(estimator: Estimator? = nil, order: Int? = nil) {
        self.estimator = estimator
        self.order = order
    }
}

/// One image and one caption under explanation: its two games, how far they have come, and the estimates made so far.
/// Owns what changes as it is refined; the games themselves belong to the `GameStore`.
package actor Explanation {
    package nonisolated let id: String
    nonisolated let hold: ModelHold
    nonisolated let imageHold: GameHold
    nonisolated let textHold: GameHold
    /// Of what it keeps of its picture and caption.
    nonisolated let memory: MemoryHold
    nonisolated let settings: ExplanationSettings
    nonisolated let image: ExplainedImage
    nonisolated let caption: String
    nonisolated let text: PreparedText
    nonisolated let isTruncated: Bool
    nonisolated let imagePlayers: ImagePlayers
    nonisolated let textPlayers: TextPlayers
    /// The text players, as the caption spells them.
    nonisolated let words: [CaptionPlayer]
    /// What makes a text player.
    nonisolated let textGrouping: PlayerGrouping
    package nonisolated let imagePlan: SamplingPlan
    nonisolated let textPlan: SamplingPlan

    /// What is expected of the image before its masks.
    nonisolated let prior: SidePrior?

    /// Logits of the empty and the whole pair, and the cosine of the latter; at full precision.
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
        var cosine: Double
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

    /// What it is made of besides the games and what holds them.
    struct Parts: Sendable {
        var settings: ExplanationSettings
        var image: ExplainedImage
        var caption: String
        var text: PreparedText
        var isTruncated: Bool
        var imagePlayers: ImagePlayers
        var textPlayers: TextPlayers
        var words: [CaptionPlayer]
        var textGrouping: PlayerGrouping
        var imagePlan: SamplingPlan
        var textPlan: SamplingPlan
        var ends: EndValues
        var prior: SidePrior?

        /// Memory that it holds besides its games.
        var bytes: Int {
            image.prepared.residentBytes + image.picture.bytes + text.residentBytes
                + 8 * (prior?.mean?.elements.count ?? 0)
        }
    }

    init(
        id: String, _ parts: Parts, hold: consuming ModelHold, imageHold: consuming GameHold,
        textHold: consuming GameHold, memory: consuming MemoryHold
    ) {
        self.id = id
        self.hold = hold
        self.imageHold = imageHold
        self.textHold = textHold
        self.memory = memory
        settings = parts.settings
        image = parts.image
        caption = parts.caption
        text = parts.text
        isTruncated = parts.isTruncated
        imagePlayers = parts.imagePlayers
        textPlayers = parts.textPlayers
        words = parts.words
        textGrouping = parts.textGrouping
        imagePlan = parts.imagePlan
        textPlan = parts.textPlan
        ends = parts.ends
        prior = parts.prior
    }

    package nonisolated var model: HeldModel { hold.model }
    package nonisolated var imageGame: MaskedGame { imageHold.game }
    package nonisolated var textGame: MaskedGame { textHold.game }
    nonisolated var players: Int { imagePlayers.count + textPlayers.count }

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

    nonisolated var maskedImage: MaskedImage {
        MaskedImage(prepared: image.prepared, players: imagePlayers, masking: settings.masking)
    }

    nonisolated var maskedText: MaskedText { MaskedText(prepared: text, players: textPlayers) }

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
        guard imageMasks > 0, textMasks > 0 else {
            throw ApplicationError(
                .budgetInvalid, "the explanation has no masks yet; call explanation/refine with a budget first")
        }
        let key = EstimateKey(
            imageMasks: imageMasks, textMasks: textMasks, estimator: wanted.estimator, order: wanted.order,
            standardErrors: standardErrors)
        if let known = estimates[key] { return known }
        let imageSide = GameSide(
            samples: await imageGame.samples, plan: imagePlan, masks: key.imageMasks, prior: prior)
        let textSide = GameSide(samples: await textGame.samples, plan: textPlan, masks: key.textMasks)
        let scale = Double(model.loaded.logitScale)
        let bias = Double(model.loaded.logitBias)
        let ends = ends
        var expansion: SideExpansion?
        if wanted.index == .banzhaf, wanted.estimator == .ridge, settings.sampling == .crossed {
            expansion = try await imageGame.expansion(
                imagePlan, masks: key.imageMasks, p: wanted.p, order: wanted.order, standardErrors: standardErrors,
                prior: prior, on: threads)
        }
        let values = try await threads.run { [expansion] turn in
            try turn.check()
            do {
                return try Interactions.estimate(
                    image: imageSide, text: textSide, scale: scale, bias: bias, emptyValue: ends.empty,
                    fullValue: ends.full, settings: wanted, expansion: expansion, isCancelled: turn.isCancelled)
            } catch let error as InteractionError {
                throw ApplicationError.estimation(error)
            }
        }
        estimates = estimates.filter { $0.key.imageMasks == imageMasks && $0.key.textMasks == textMasks }
        estimates[key] = values
        return values
    }

    /// Takes over what the games hold already, up to the limits; of masks drawn together, whole pairs. `threads` looks
    /// for them.
    func adoptWarmMasks(images: Int, texts: Int, on threads: WorkThreads) async throws {
        let (imageSamples, textSamples) = (await imageGame.samples, await textGame.samples)
        let (imagePlan, textPlan, isJoint) = (imagePlan, textPlan, settings.sampling == .joint)
        let warm = try await threads.run { _ in
            let images = imagePlan.warm(in: imageSamples, upTo: images)
            guard isJoint else {
                return (images: images, texts: textPlan.warm(in: textSamples, upTo: texts))
            }
            let pairs = images == 0 ? 0 : textPlan.warm(in: textSamples, upTo: images)
            return (images: pairs, texts: pairs)
        }
        advance(imageMasks: warm.images, textMasks: warm.texts)
    }
}

/// The image players as they lie on the picture.
struct PlayerShape: Sendable {
    let rows: Int
    let columns: Int
    /// `[x0, y0, x1, y1]` in pixels of the source image, crop and resize undone; one per player.
    let boxes: [[Double]]
    /// The player of every patch, where players are no grid.
    let regions: [Int]?
}

extension Explanation {
    nonisolated var imageShape: PlayerShape {
        let size = Double(model.loaded.patchSize)
        let boxes = (0..<imagePlayers.count).map { player in
            let box = imagePlayers.box(of: player)
            let source = image.geometry.sourceBox(
                ofInput: (
                    Double(box.columns.lowerBound) * size, Double(box.rows.lowerBound) * size,
                    Double(box.columns.upperBound) * size, Double(box.rows.upperBound) * size
                ))
            return [source.x0, source.y0, source.x1, source.y1]
        }
        return PlayerShape(
            rows: imagePlayers.grid?.rows ?? imagePlayers.patchRows,
            columns: imagePlayers.grid?.columns ?? imagePlayers.patchColumns, boxes: boxes,
            regions: imagePlayers.grid == nil ? imagePlayers.playerOfPatch : nil)
    }
}
