import Encoders
import Foundation
import Images
import Interactions
import Tokenizers

/// What a client asks to have explained.
package struct OpenRequest: Sendable {
    /// The players of an image, where they are not its patches.
    enum ImageChoice: Sendable {
        case patches
        case grid(rows: Int, columns: Int)
        /// A label 0, 1, … for every patch, rows from the top.
        case regions([Int])
    }

    var model: String?
    var image: GivenImage
    var caption: String
    var settings: ExplanationSettings
    var imagePlayers: ImageChoice
    var textPlayers: PlayerGrouping
}

/// The most masks of an explanation.
package struct MaskLimits: Sendable {
    package var image: Int
    package var text: Int
    /// What a refinement without a budget is given.
    package var usualImage: Int
    package var usualText: Int

    package init(image: Int, text: Int, usualImage: Int, usualText: Int) {
        self.image = image
        self.text = text
        self.usualImage = usualImage
        self.usualText = usualText
    }
}

/// Begins explanations: loads what they need, sets up their players, finds their games, and encodes the full and the
/// empty image and text.
package struct Opener: Sendable {
    let models: ModelPool
    let scheduler: EncodeScheduler
    let games: GameStore
    let explanations: ExplanationStore
    let images: ImageLoader
    /// Reads and decodes pictures.
    let decoding: WorkThreads
    /// Looks for masks that the games hold.
    let arithmetic: WorkThreads
    let limits: MaskLimits

    package init(
        models: ModelPool, scheduler: EncodeScheduler, games: GameStore, explanations: ExplanationStore,
        images: ImageLoader, decoding: WorkThreads, arithmetic: WorkThreads, limits: MaskLimits
    ) {
        self.models = models
        self.scheduler = scheduler
        self.games = games
        self.explanations = explanations
        self.images = images
        self.decoding = decoding
        self.arithmetic = arithmetic
        self.limits = limits
    }

    /// - Parameter adoptsWarmMasks: whether masks that the games hold already count from the beginning.
    package func open(_ request: OpenRequest, adoptsWarmMasks: Bool = true) async throws -> Explanation {
        let hold = try await models.hold(request.model)
        let model = hold.model
        let inputs = try await read(request, for: model)
        let words = inputs.words
        let imagePlayers = try request.imagePlayers.players(of: inputs.image.prepared.grid)
        let textPlayers = try TextPlayers(groupSizes: words.map(\.positions.count))
        let plans = try request.settings.plans(imagePlayers: imagePlayers.count, textPlayers: textPlayers.count)
        let imageHold = try await games.hold(
            .image(
                ImageGameKey(
                    model: model.gameModel, content: inputs.content, masking: request.settings.masking.name,
                    players: "\(imagePlayers.playerOfPatch)")),
            players: imagePlayers.count, dimension: model.loaded.dimension)
        let textHold = try await games.hold(
            .text(
                TextGameKey(
                    model: model.gameModel, ids: inputs.tokenization.ids, players: "\(words.map(\.positions))")),
            players: textPlayers.count, dimension: model.loaded.dimension)
        let masked = MaskedImage(
            prepared: inputs.image.prepared, players: imagePlayers, masking: request.settings.masking)
        let sink = PatchStatesSink()
        let ends = try await endValues(
            model, imageHold.game, masked, textHold.game, MaskedText(prepared: inputs.text, players: textPlayers),
            states: sink)
        let prior = try await prior(model, imageHold.game, masked, request.settings, sink)
        let parts = Explanation.Parts(
            settings: request.settings, image: inputs.image, caption: request.caption, text: inputs.text,
            isTruncated: inputs.tokenization.truncated, imagePlayers: imagePlayers, textPlayers: textPlayers,
            words: words.map { CaptionPlayer($0, in: inputs.tokenization.text) },
            textGrouping: request.textPlayers, imagePlan: plans.image, textPlan: plans.text, ends: ends, prior: prior)
        let memory = try games.holdMemory(parts.bytes)
        let explanation = Explanation(
            id: await explanations.makeID(), parts, hold: hold, imageHold: imageHold, textHold: textHold,
            memory: memory)
        if adoptsWarmMasks {
            try await explanation.adoptWarmMasks(
                images: limits.image, texts: limits.usualText, on: arithmetic)
        }
        try Task.checkCancellation()
        await explanations.insert(explanation)
        return explanation
    }

    private struct Inputs: Sendable {
        let image: ExplainedImage
        let content: String
        let tokenization: Tokenization
        let words: [TextPlayer]
        /// Its players are the tokens of `words`, in their order; other tokens are always present.
        let text: PreparedText
    }

    private func read(_ request: OpenRequest, for model: HeldModel) async throws -> Inputs {
        let images = images
        return try await decoding.run { turn in
            let image = try images.readToDraw(request.image, for: model.running, turn)
            let tokenization = try model.tokenize(request.caption, turn)
            let words: [TextPlayer]
            do throws(TokenizerError) {
                words = try tokenization.players(groupedBy: request.textPlayers)
            } catch {
                throw ParameterError("players.text", "does not fit the caption: \(error)")
            }
            try turn.check()
            return Inputs(
                image: ExplainedImage(
                    prepared: try model.loaded.prepare(image.read.pixels), picture: image.picture,
                    geometry: image.read.pixels.geometry),
                content: image.read.content, tokenization: tokenization, words: words,
                text: try model.prepare(tokenization, players: words.flatMap(\.positions)))
        }
    }

    /// The full and the empty pair, in full precision and ahead of every refinement; what the games hold is not encoded
    /// again.
    private func endValues(
        _ model: HeldModel, _ imageGame: MaskedGame, _ image: MaskedImage, _ textGame: MaskedGame, _ text: MaskedText,
        states: PatchStatesSink
    ) async throws -> Explanation.EndValues {
        let encoder = MaskEncoder(scheduler: scheduler, model: model.running, urgency: .interactive)
        let imageEnds = [Coalition(full: image.players.count), Coalition(empty: image.players.count)]
        let textEnds = [Coalition(full: text.players.count), Coalition(empty: text.players.count)]
        async let images = imageGame.embeddings(of: imageEnds) {
            try await encoder.encode($0, of: image, states: states)
        }
        async let texts = textGame.embeddings(of: textEnds) { try await encoder.encode($0, of: text) }
        let (imageRows, textRows) = (try await images, try await texts)
        func cosine(_ end: Int) -> Double {
            zip(imageRows[end], textRows[end]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        let (scale, bias) = (Double(model.loaded.logitScale), Double(model.loaded.logitBias))
        return Explanation.EndValues(empty: scale * cosine(1) + bias, full: scale * cosine(0) + bias, cosine: cosine(0))
    }
}

extension Opener {
    /// What the pass over the whole image says of its expansion, for the estimates that ask.
    /// - Parameter sink: has the patches' states if the whole image was encoded just now; else it is once more.
    private func prior(
        _ model: HeldModel, _ game: MaskedGame, _ image: MaskedImage, _ settings: ExplanationSettings,
        _ sink: PatchStatesSink
    ) async throws -> SidePrior? {
        guard settings.index == .banzhaf, settings.sampling == .crossed else { return nil }
        let full = Coalition(full: image.players.count)
        let states = try await game.patchStates { [scheduler] in
            if let states = sink.states { return states }
            let encoder = MaskEncoder(scheduler: scheduler, model: model.running, urgency: .interactive)
            _ = try await encoder.encode([full], of: image, states: sink)
            return sink.states
        }
        let samples = await game.samples
        guard let states, let row = samples.row(of: full) else { return nil }
        let whole = Array(samples.embedding(row: row))
        return try await arithmetic.run { _ in
            PatchPrior(states: states.values, whole: whole).side(image.players, identity: "pass")
        }
    }
}

extension OpenRequest.ImageChoice {
    /// - Throws: `ParameterError` on `players.image`.
    fileprivate func players(of patches: PatchGrid) throws(ParameterError) -> ImagePlayers {
        do throws(InteractionError) {
            switch self {
            case .patches: return try ImagePlayers(patchRows: patches.rows, patchColumns: patches.columns)
            case .grid(let rows, let columns):
                return try ImagePlayers(
                    patchRows: patches.rows, patchColumns: patches.columns, rows: rows, columns: columns)
            case .regions(let regions):
                return try ImagePlayers(patchRows: patches.rows, patchColumns: patches.columns, regions: regions)
            }
        } catch {
            throw ParameterError("players.image", "does not fit the image: \(error)")
        }
    }
}

extension TextPlayers {
    /// Players made of consecutive tokens, so many each.
    fileprivate init(groupSizes: [Int]) throws(InteractionError) {
        var groups: [[Int]] = []
        var next = 0
        for size in groupSizes {
            groups.append(Array(next..<next + size))
            next += size
        }
        try self.init(tokens: next, groups: groups)
    }
}

extension CaptionPlayer {
    /// As the caption spells it, which the vocabulary does not always: `rose`, not `rose</w>`.
    fileprivate init(_ player: TextPlayer, in caption: String) {
        let scalars = caption.unicodeScalars
        let start = scalars.index(scalars.startIndex, offsetBy: player.start)
        let end = scalars.index(start, offsetBy: player.end - player.start)
        let text = String(scalars[start..<end]).trimmingCharacters(in: .whitespaces)
        self.init(text: text.isEmpty ? player.token : text, range: player.start..<player.end)
    }
}

extension ImageMasking {
    /// As games are named by it.
    fileprivate var name: String {
        switch self {
        case .mean: "mean"
        case .drop: "drop"
        }
    }
}

extension HeldModel {
    /// What games are shared under.
    var gameModel: GameModel { gameModel(masks: loaded.maskPrecision) }

    /// What games are shared under whose masks are computed in the model's own precision.
    var preciseGameModel: GameModel { gameModel(masks: loaded.precision) }

    private func gameModel(masks: Precision) -> GameModel {
        GameModel(
            folder: key.folder.string, precision: "\(loaded.precision)/\(masks)", weights: weights.description)
    }
}
