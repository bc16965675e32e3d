import Encoders
import FIxLIPProtocol
import Foundation
import Images
import Interactions
import Tokenizers

extension Services {
    /// Begins an explanation: loads what it needs, sets up its players, finds its games, and encodes the full and the
    /// empty image and text.
    /// - Parameter adoptsWarmMasks: whether masks that the games hold already count from the beginning.
    func open(_ parameters: ExplanationOpen.Parameters, adoptsWarmMasks: Bool = true) async throws -> Explanation {
        let settings = try ExplanationSettings(parameters)
        let lease = try await models.acquire(
            parameters.model ?? configuration.defaultModel, precision: nil,
            otherwise: Precision(configuration.precision))
        do {
            return try await open(parameters, settings, lease, adoptsWarmMasks)
        } catch {
            await models.release(lease)
            throw error
        }
    }

    private func open(
        _ parameters: ExplanationOpen.Parameters, _ settings: ExplanationSettings, _ lease: ModelLease,
        _ adoptsWarmMasks: Bool
    ) async throws -> Explanation {
        let model = lease.model.loaded
        let images = images
        let inputs = try await files.run {
            let picture = try images.load(parameters.image)
            let pixels = model.preprocess(picture)
            let tokenization = try lease.tokenize(parameters.text)
            let words = try Self.textPlayers(parameters.players?.text, tokenization)
            return OpenInputs(
                image: ExplainedImage(
                    prepared: try model.prepare(pixels: pixels.pixels), picture: KeptPicture(picture),
                    geometry: pixels.geometry),
                digest: digest(of: pixels.pixels), tokenization: tokenization, words: words,
                text: try lease.prepare(tokenization, players: words.flatMap(\.positions)))
        }
        let words = inputs.words
        let imagePlayers = try Self.imagePlayers(parameters.players?.image, model)
        let textPlayers = try TextPlayers(groupSizes: words.map(\.positions.count))
        let (imagePlan, textPlan) = try settings.plans(
            imagePlayers: imagePlayers.count, textPlayers: textPlayers.count)
        let gameModel = lease.gameModel
        let imageGame = try await games.hold(
            .image(
                ImageGameKey(
                    model: gameModel, content: inputs.digest, masking: settings.masking.rawValue,
                    players: "\(imagePlayers.playerOfPatch)")), players: imagePlayers.count, dimension: model.dimension)
        let textGame: MaskedGame
        do {
            textGame = try await games.hold(
                .text(
                    TextGameKey(
                        model: gameModel, ids: inputs.tokenization.ids, players: "\(words.map(\.positions))")),
                players: textPlayers.count, dimension: model.dimension)
        } catch {
            await games.release(imageGame.key)
            throw error
        }
        do {
            let ends = try await endValues(
                lease, imageGame,
                MaskedImage(prepared: inputs.image.prepared, players: imagePlayers, masking: settings.imageMasking),
                textGame, MaskedText(prepared: inputs.text, players: textPlayers))
            let explanation = Explanation(
                id: await explanations.makeID(), lease: lease, settings: settings, image: inputs.image,
                caption: parameters.text, text: inputs.text, isTruncated: inputs.tokenization.truncated,
                imagePlayers: imagePlayers, textPlayers: textPlayers,
                players: Players(
                    image: .init(imagePlayers, inputs.image.geometry, patchSize: model.patchSize),
                    text: words.map { Players.Text($0, in: inputs.tokenization.text) }),
                imageGame: imageGame, textGame: textGame, imagePlan: imagePlan, textPlan: textPlan, ends: ends)
            if adoptsWarmMasks {
                try await explanation.adoptWarmMasks(
                    upTo: Budget(
                        imageMasks: configuration.maximumImageMasks, textMasks: Budget.defaultTextMasks),
                    on: arithmetic)
            }
            try await games.holdExplanation(explanation.id, bytes: explanation.ownBytes)
            guard !Task.isCancelled else {
                await games.releaseExplanation(explanation.id)
                throw CancellationError()
            }
            await explanations.insert(explanation)
            return explanation
        } catch {
            await games.release(imageGame.key)
            await games.release(textGame.key)
            throw error
        }
    }

    /// The full and the empty pair, in full precision and ahead of every refinement; what the games hold is not encoded
    /// again.
    private func endValues(
        _ lease: ModelLease, _ imageGame: MaskedGame, _ image: MaskedImage, _ textGame: MaskedGame, _ text: MaskedText
    ) async throws -> Explanation.EndValues {
        let encoder = MaskEncoder(scheduler: scheduler, model: lease.model, urgency: .interactive)
        let imageEnds = [Coalition(full: image.players.count), Coalition(empty: image.players.count)]
        let textEnds = [Coalition(full: text.players.count), Coalition(empty: text.players.count)]
        async let images = imageGame.embeddings(of: imageEnds) { try await encoder.encode($0, of: image) }
        async let texts = textGame.embeddings(of: textEnds) { try await encoder.encode($0, of: text) }
        let (imageRows, textRows) = (try await images, try await texts)
        func cosine(_ end: Int) -> Double {
            zip(imageRows[end], textRows[end]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        let (scale, bias) = (Double(lease.model.loaded.logitScale), Double(lease.model.loaded.logitBias))
        return Explanation.EndValues(empty: scale * cosine(1) + bias, full: scale * cosine(0) + bias, cosine: cosine(0))
    }

    private static func imagePlayers(_ choice: ImagePlayersChoice?, _ model: LoadedModel) throws -> ImagePlayers {
        if let choice, (choice.grid == nil) == (choice.regions == nil) {
            throw ParameterError("players.image", "takes exactly one of grid and regions")
        }
        do throws(InteractionError) {
            if let grid = choice?.grid {
                return try ImagePlayers(
                    patchRows: model.rows, patchColumns: model.columns, rows: grid.rows, columns: grid.columns)
            }
            if let regions = choice?.regions {
                return try ImagePlayers(patchRows: model.rows, patchColumns: model.columns, regions: regions)
            }
            return try ImagePlayers(patchRows: model.rows, patchColumns: model.columns)
        } catch {
            throw ParameterError("players.image", "does not fit the image: \(error)")
        }
    }

    private static func textPlayers(_ choice: TextPlayersChoice?, _ tokenization: Tokenization) throws -> [TextPlayer] {
        let grouping: PlayerGrouping
        switch choice ?? PlayersChoice.defaultText {
        case .tokens: grouping = .tokens
        case .words: grouping = .words
        case .spans(let spans):
            grouping = .spans(
                try spans.enumerated().map { index, span in
                    guard span.count == 2, span[0] < span[1] else {
                        throw ParameterError(
                            "players.text.spans[\(index)]", "must be [start, end] with start before end; it is \(span)")
                    }
                    return span[0]..<span[1]
                })
        }
        do throws(TokenizerError) {
            return try tokenization.players(groupedBy: grouping)
        } catch {
            throw ParameterError("players.text", "does not fit the caption: \(error)")
        }
    }
}

private struct OpenInputs: Sendable {
    let image: ExplainedImage
    let digest: String
    let tokenization: Tokenization
    let words: [TextPlayer]
    /// Its players are the tokens of `words`, in their order; other tokens are always present.
    let text: PreparedText
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

extension Players.Text {
    /// As the caption spells it, which the vocabulary does not always: `rose`, not `rose</w>`.
    fileprivate init(_ player: TextPlayer, in caption: String) {
        let scalars = caption.unicodeScalars
        let start = scalars.index(scalars.startIndex, offsetBy: player.start)
        let end = scalars.index(start, offsetBy: player.end - player.start)
        let text = String(scalars[start..<end]).trimmingCharacters(in: .whitespaces)
        self.init(token: text.isEmpty ? player.token : text, start: player.start, end: player.end)
    }
}

extension Players.Image {
    /// Boxes in the source image: the patches of a player, crop and resize undone.
    fileprivate init(_ players: ImagePlayers, _ geometry: ImageGeometry, patchSize: Int) {
        let boxes = (0..<players.count).map { player in
            let box = players.box(of: player)
            let size = Double(patchSize)
            let source = geometry.sourceBox(
                ofInput: (
                    Double(box.columns.lowerBound) * size, Double(box.rows.lowerBound) * size,
                    Double(box.columns.upperBound) * size, Double(box.rows.upperBound) * size
                ))
            return [source.x0, source.y0, source.x1, source.y1]
        }
        self.init(
            rows: players.grid?.rows ?? players.patchRows, columns: players.grid?.columns ?? players.patchColumns,
            count: players.count, boxes: boxes, regions: players.grid == nil ? players.playerOfPatch : nil)
    }
}

extension ModelLease {
    /// What games are shared under.
    var gameModel: GameModel { gameModel(masks: model.loaded.maskPrecision) }

    /// What games are shared under whose masks are computed in the model's own precision.
    var preciseGameModel: GameModel { gameModel(masks: model.loaded.precision) }

    private func gameModel(masks: Precision) -> GameModel {
        GameModel(
            folder: key.folder, precision: "\(model.loaded.precision)/\(masks)", weights: model.weights.description)
    }
}

extension ExplanationSettings {
    /// Where masks are drawn: Bernoulli(p) for Banzhaf, a mixture over nodes for Shapley; drawn together, Bernoulli(p)
    /// or the Shapley kernel over all players.
    func plans(imagePlayers: Int, textPlayers: Int) throws -> (image: SamplingPlan, text: SamplingPlan) {
        if sampling == .joint {
            do throws(InteractionError) {
                let draws = try JointDraws(
                    imagePlayers: imagePlayers, textPlayers: textPlayers,
                    distribution: index == .banzhaf ? .bernoulli(p) : .shapley,
                    seed: UInt64(seeds.image) | UInt64(seeds.text) << 32, paired: paired)
                return (SamplingPlan(joint: draws, modality: .image), SamplingPlan(joint: draws, modality: .text))
            } catch {
                throw ApplicationError.estimation(error)
            }
        }
        let nodes =
            index == .banzhaf
            ? [SamplingNode(probability: p, weight: 1)]
            : SamplingNode.shapley(count: SamplingNode.shapleyCount(players: imagePlayers + textPlayers))
        return (
            try SamplingPlan(
                players: imagePlayers, modality: .image, nodes: nodes, seed: UInt64(seeds.image), paired: paired),
            try SamplingPlan(
                players: textPlayers, modality: .text, nodes: nodes, seed: UInt64(seeds.text), paired: paired)
        )
    }
}
