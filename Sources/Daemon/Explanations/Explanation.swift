import Encoders
import FIxLIPProtocol
import Images
import Interactions
import Tokenizers

/// The image of an explanation, ready for the tower.
struct ExplainedImage: Sendable {
    let prepared: PreparedImage
    let picture: KeptPicture
    /// From the model's pixels back to those of the picture.
    let geometry: ImageGeometry
}

/// One image and one caption under explanation: its two games, how far they have come, and the estimates made so far.
/// Owns what changes as it is refined; the games themselves belong to the `GameStore`.
actor Explanation {
    nonisolated let id: String
    nonisolated let lease: ModelLease
    nonisolated let settings: ExplanationSettings
    nonisolated let image: ExplainedImage
    nonisolated let caption: String
    nonisolated let text: PreparedText
    nonisolated let isTruncated: Bool
    nonisolated let imagePlayers: ImagePlayers
    nonisolated let textPlayers: TextPlayers
    nonisolated let players: Players
    nonisolated let imageGame: MaskedGame
    nonisolated let textGame: MaskedGame
    nonisolated let imagePlan: SamplingPlan
    nonisolated let textPlan: SamplingPlan

    /// Logits of the empty and the whole pair, and the cosine of the latter; at full precision.
    nonisolated let ends: EndValues

    /// Masks of the plans that the current estimate rests on.
    private(set) var imageMasks = 0
    private(set) var textMasks = 0
    /// One entry per published estimate, for the curve over the budget.
    private(set) var history: [Checkpoint] = []
    private var estimates: [EstimateKey: InteractionValues] = [:]
    /// Values that a file brought; there is nothing to estimate then.
    private var imported: InteractionValues?
    private var running: [RefinementControl] = []
    private var users = 0
    private var idleWaiters: [CheckedContinuation<Void, Never>] = []

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

    init(
        id: String, lease: ModelLease, settings: ExplanationSettings, image: ExplainedImage, caption: String,
        text: PreparedText, isTruncated: Bool, imagePlayers: ImagePlayers, textPlayers: TextPlayers, players: Players,
        imageGame: MaskedGame, textGame: MaskedGame, imagePlan: SamplingPlan, textPlan: SamplingPlan, ends: EndValues
    ) {
        self.id = id
        self.lease = lease
        self.settings = settings
        self.image = image
        self.caption = caption
        self.text = text
        self.isTruncated = isTruncated
        self.imagePlayers = imagePlayers
        self.textPlayers = textPlayers
        self.players = players
        self.imageGame = imageGame
        self.textGame = textGame
        self.imagePlan = imagePlan
        self.textPlan = textPlan
        self.ends = ends
    }

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
    nonisolated var ownBytes: Int { image.prepared.residentBytes + image.picture.bytes + text.residentBytes }

    nonisolated var maskedImage: MaskedImage {
        MaskedImage(prepared: image.prepared, players: imagePlayers, masking: settings.imageMasking)
    }

    nonisolated var maskedText: MaskedText { MaskedText(prepared: text, players: textPlayers) }

    /// What encodes its masks, in turns with other refinements.
    nonisolated func encoder(on scheduler: EncodeScheduler) -> MaskEncoder {
        MaskEncoder(scheduler: scheduler, model: lease.model, urgency: .refinement)
    }

    var isRefining: Bool { !running.isEmpty }

    /// Whether something encodes masks for it.
    var isBusy: Bool { users > 0 }

    /// Until `end`, its games and its model are in use.
    /// - Parameter control: of a refinement, so that `stop` reaches it.
    func begin(_ control: RefinementControl?) {
        if let control { running.append(control) }
        users += 1
    }

    func end(_ control: RefinementControl?) {
        running.removeAll { $0 === control }
        users -= 1
        guard users == 0 else { return }
        for waiter in idleWaiters { waiter.resume() }
        idleWaiters = []
    }

    /// Returns once nothing works on it.
    func waitUntilIdle() async {
        while users > 0 { await withCheckedContinuation { idleWaiters.append($0) } }
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
    func estimate(_ selection: Selection, standardErrors: Bool, on threads: WorkThreads) async throws
        -> InteractionValues
    {
        let wanted = try settings.estimatorSettings(selection, standardErrors: standardErrors)
        if let imported {
            guard selection.order ?? imported.order == imported.order, selection.estimator == nil else {
                throw ParameterError(
                    selection.estimator == nil ? "order" : "estimator",
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
        let imageSide = GameSide(samples: await imageGame.samples, plan: imagePlan, masks: key.imageMasks)
        let textSide = GameSide(samples: await textGame.samples, plan: textPlan, masks: key.textMasks)
        let scale = Double(lease.model.loaded.logitScale)
        let bias = Double(lease.model.loaded.logitBias)
        let ends = ends
        var expansion: SideExpansion?
        if wanted.index == .banzhaf, wanted.estimator == .ridge, settings.sampling == .crossed {
            expansion = try await imageGame.expansion(
                imagePlan, masks: key.imageMasks, p: wanted.p, order: wanted.order, standardErrors: standardErrors,
                on: threads)
        }
        let values = try await threads.run { [expansion] in
            do throws(InteractionError) {
                return try Interactions.estimate(
                    image: imageSide, text: textSide, scale: scale, bias: bias, emptyValue: ends.empty,
                    fullValue: ends.full, settings: wanted, expansion: expansion)
            } catch {
                throw ApplicationError.estimation(error)
            }
        }
        estimates = estimates.filter { $0.key.imageMasks == imageMasks && $0.key.textMasks == textMasks }
        estimates[key] = values
        return values
    }

    /// Takes over what the games hold already, up to the limits; of masks drawn together, whole pairs. `threads` looks
    /// for them.
    func adoptWarmMasks(upTo limits: Budget, on threads: WorkThreads) async throws {
        let (imageSamples, textSamples) = (await imageGame.samples, await textGame.samples)
        let (imagePlan, textPlan, isJoint) = (imagePlan, textPlan, settings.sampling == .joint)
        let warm = try await threads.run {
            let images = imagePlan.warm(in: imageSamples, upTo: limits.imageMasks ?? 0)
            guard isJoint else {
                return (images: images, texts: textPlan.warm(in: textSamples, upTo: limits.textMasks ?? 0))
            }
            let pairs = images == 0 ? 0 : textPlan.warm(in: textSamples, upTo: images)
            return (images: pairs, texts: pairs)
        }
        advance(imageMasks: warm.images, textMasks: warm.texts)
    }

    /// - Parameter bytes: memory of it and its games.
    func summary(bytes: Int) -> ExplanationSummary {
        ExplanationSummary(
            explanation: id, model: lease.id, text: caption, image: image.picture.name, imageMasks: imageMasks,
            textMasks: textMasks, refining: isRefining, bytes: bytes)
    }
}
