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

    /// An input that is to be masked.
    enum Input: Sendable {
        case image(GivenImage, ImageChoice)
        case text(String, PlayerGrouping)
    }

    /// What an input is compared with.
    enum Counterpart: Sendable {
        case input(Input)
        case target(TargetRequest)
    }

    /// What is expected of an image before its masks.
    enum Prior: Sendable {
        /// What games taught by now, beside the pass over the image.
        case learnt
        /// The pass over the image alone.
        case pass
        /// What games had taught, by the name of that map.
        case map(String)
    }

    var model: String?
    var first: Input
    var second: Counterpart
    /// What values are measured in; nil leaves it to what is compared.
    var unit: ExplanationScale.Unit?
    var prior = Prior.learnt
    var settings: ExplanationSettings
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
/// empty inputs.
package struct Opener: Sendable {
    let models: ModelPool
    let scheduler: EncodeScheduler
    let games: GameStore
    /// nil where nothing is learnt.
    let maps: LearntMaps?
    let explanations: ExplanationStore
    let images: ImageLoader
    let targets: TargetResolver
    /// Reads and decodes pictures.
    let decoding: WorkThreads
    /// Looks for masks that the games hold.
    let arithmetic: WorkThreads
    let limits: MaskLimits

    package init(
        models: ModelPool, scheduler: EncodeScheduler, games: GameStore, maps: LearntMaps?,
        explanations: ExplanationStore, images: ImageLoader, embedder: Embedder, classes: ClassVectors,
        decoding: WorkThreads,
        arithmetic: WorkThreads, limits: MaskLimits
    ) {
        self.models = models
        self.scheduler = scheduler
        self.games = games
        self.maps = maps
        self.explanations = explanations
        self.images = images
        targets = TargetResolver(embedder: embedder, classes: classes)
        self.decoding = decoding
        self.arithmetic = arithmetic
        self.limits = limits
    }

    /// - Parameter adoptsWarmMasks: whether masks that the games hold already count from the beginning.
    package func open(_ request: OpenRequest, adoptsWarmMasks: Bool = true) async throws -> Explanation {
        let hold = try await models.hold(request.model)
        let model = hold.model
        var wanted = [WeightedInput(input: request.first, parameter: "players", weight: 1)]
        var target: TargetRequest?
        switch request.second {
        case .input(let input): wanted.append(WeightedInput(input: input, parameter: "players", weight: 1))
        case .target(let given):
            try given.check(dimension: model.loaded.dimension)
            wanted += given.inputs
            target = given
        }
        let read = try await read(wanted, for: model)
        let plans = try request.settings.plans(read.map { (modality: $0.modality, players: $0.players) })
        var opened: [OpenedInput] = []
        for (input, plan) in zip(read, plans) {
            let held = try await games.hold(
                input.key(model.gameModel, masking: request.settings.masking), players: plan.players,
                dimension: model.loaded.dimension)
            opened.append(OpenedInput(content: input.content, plan: plan, held: HeldGame(held)))
        }
        let ends = try await ends(of: opened, model, masking: request.settings.masking)
        var inputs: [ExplainedInput] = []
        for (input, weight) in zip(opened, wanted.map(\.weight)) {
            let prior = try await prior(model, input, request)
            inputs.append(
                ExplainedInput(
                    content: input.content, weight: weight, plan: input.plan, held: input.held, prior: prior.side,
                    learnt: prior.learnt))
        }
        var resolved: ResolvedTarget?
        if let target { resolved = try await targets.resolve(target, beside: ends[0].full, model) }
        let scale = self.scale(of: request, model.loaded, resolved)
        let parts = Explanation.Parts(
            settings: request.settings, inputs: inputs, fixed: resolved?.fixed, target: resolved?.description,
            scale: scale, ends: try endValues(ends, inputs, fixed: resolved?.fixed, scale))
        let memory = try games.holdMemory(parts.bytes)
        let explanation = Explanation(id: await explanations.makeID(), parts, hold: hold, memory: memory)
        if adoptsWarmMasks {
            try await explanation.adoptWarmMasks(
                images: limits.image, texts: limits.usualText, on: arithmetic)
        }
        try Task.checkCancellation()
        await explanations.insert(explanation)
        return explanation
    }

    /// Logits where an image meets texts or classes; cosines for inputs of one kind and for vectors, unless asked for.
    /// Only what an image and texts have in common has the model's bias.
    private func scale(
        of request: OpenRequest, _ model: LoadedModel, _ target: ResolvedTarget?
    ) -> ExplanationScale {
        let isImage = if case .image = request.first { true } else { false }
        let biasWeight: Double
        switch request.second {
        case .input(.text): biasWeight = isImage ? 1 : 0
        case .input(.image): biasWeight = 0
        case .target: biasWeight = isImage ? target?.textWeight ?? 0 : 0
        }
        let meetsTexts =
            switch request.second {
            case .input(.text): isImage
            case .input(.image): false
            case .target: isImage && target?.textWeight != nil
            }
        return ExplanationScale(request.unit ?? (meetsTexts ? .logits : .cosine), of: model, biasWeight: biasWeight)
    }

    /// An input as it was read for a model.
    private struct ReadInput: Sendable {
        let content: ExplainedInput.Content
        /// What the model sees of an image, or the ids and the tokens of each player.
        let identity: Identity

        enum Identity: Sendable {
            case image(content: String)
            case text(ids: [Int], players: String)
        }

        var modality: Modality {
            switch content {
            case .image: .image
            case .text: .text
            }
        }

        var players: Int {
            switch content {
            case .image(let image): image.players.count
            case .text(let text): text.players.count
            }
        }

        func key(_ model: GameModel, masking: ImageMasking) -> GameKey {
            switch (content, identity) {
            case (.image(let image), .image(let content)):
                .image(
                    ImageGameKey(
                        model: model, content: content, masking: masking.name,
                        players: "\(image.players.playerOfPatch)"))
            case (_, .text(let ids, let players)): .text(TextGameKey(model: model, ids: ids, players: players))
            case (.text, .image(let content)): .text(TextGameKey(model: model, ids: [], players: content))
            }
        }
    }

    /// An input with the game that holds its masks.
    private struct OpenedInput: Sendable {
        let content: ExplainedInput.Content
        let plan: SamplingPlan
        let held: HeldGame
        /// Has the states of the patches of an image that was encoded whole just now.
        let states = PatchStatesSink()
    }

    private func read(_ inputs: [WeightedInput], for model: HeldModel) async throws -> [ReadInput] {
        let images = images
        return try await decoding.run { turn in
            var ofKind = (image: 0, text: 0)
            return try inputs.map { wanted in
                try turn.check()
                switch wanted.input {
                case .image(let given, let choice):
                    ofKind.image += 1
                    let name = ofKind.image == 1 ? "image" : "image2"
                    let image = try images.readToDraw(given, for: model.running, turn)
                    let prepared = try model.loaded.prepare(image.read.pixels)
                    return ReadInput(
                        content: .image(
                            ExplainedImage(
                                prepared: prepared, picture: image.picture, geometry: image.read.pixels.geometry,
                                players: try choice.players(of: prepared.grid, "players.\(name)"))),
                        identity: .image(content: image.read.content))
                case .text(let caption, let grouping):
                    ofKind.text += 1
                    let name = wanted.parameter + (ofKind.text == 1 ? ".text" : ".text2")
                    let tokenization = try model.tokenize(caption, turn)
                    let words: [TextPlayer]
                    do throws(TokenizerError) {
                        words = try tokenization.players(groupedBy: grouping)
                    } catch {
                        throw ParameterError(name, "does not fit the caption: \(error)")
                    }
                    return ReadInput(
                        content: .text(
                            ExplainedText(
                                caption: caption,
                                prepared: try model.prepare(tokenization, players: words.flatMap(\.positions)),
                                isTruncated: tokenization.truncated,
                                players: try TextPlayers(groupSizes: words.map(\.positions.count)), grouping: grouping,
                                words: words.map { CaptionPlayer($0, in: tokenization.text) })),
                        identity: .text(ids: tokenization.ids, players: "\(words.map(\.positions))"))
                }
            }
        }
    }

    /// The embeddings of the full and the empty inputs, in full precision and ahead of every refinement; what the games
    /// hold is not encoded again.
    private func ends(
        of inputs: [OpenedInput], _ model: HeldModel, masking: ImageMasking
    ) async throws -> [(full: [Float], empty: [Float])] {
        let encoder = MaskEncoder(scheduler: scheduler, model: model.running, urgency: .interactive)
        return try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
            for (index, input) in inputs.enumerated() {
                group.addTask {
                    let ends = [Coalition(full: input.plan.players), Coalition(empty: input.plan.players)]
                    return (
                        index,
                        try await input.held.game.embeddings(of: ends) {
                            try await input.content.encode($0, with: encoder, masking: masking, states: input.states)
                        }
                    )
                }
            }
            var result = [(full: [Float], empty: [Float])](repeating: ([], []), count: inputs.count)
            for try await (index, rows) in group { result[index] = (rows[0], rows[1]) }
            return result
        }
    }

    /// - Throws: `ParameterError` on `target` where the second side comes to nothing.
    private func endValues(
        _ ends: [(full: [Float], empty: [Float])], _ inputs: [ExplainedInput], fixed: [Float]?,
        _ scale: ExplanationScale
    ) throws(ParameterError) -> Explanation.EndValues {
        func second(_ end: KeyPath<(full: [Float], empty: [Float]), [Float]>) -> [Double] {
            var sum = fixed.map { $0.map(Double.init) } ?? [Double](repeating: 0, count: ends[0].full.count)
            for (input, rows) in zip(inputs, ends).dropFirst() {
                for (k, value) in rows[keyPath: end].enumerated() { sum[k] += input.weight * Double(value) }
            }
            return sum
        }
        let (full, empty) = (second(\.full), second(\.empty))
        guard full.reduce(0, { $0 + $1 * $1 }) > TargetRequest.leastLength else {
            throw ParameterError(
                "target", "comes to nothing: its texts cancel each other; give other texts or weights")
        }
        func product(_ first: [Float], _ second: [Double]) -> Double {
            zip(first, second).reduce(0) { $0 + Double($1.0) * $1.1 }
        }
        let cosine = product(ends[0].full, full)
        let nothing = product(ends[0].empty, empty)
        let centered = cosine - product(ends[0].full, empty) - product(ends[0].empty, full) + nothing
        return Explanation.EndValues(
            empty: scale.factor * nothing + scale.bias, full: scale.factor * cosine + scale.bias, cosine: cosine,
            centered: scale.factor * centered)
    }
}

extension Opener {
    /// What the pass over a whole image, and games of other images, say of its expansion, for the estimates that ask;
    /// if the image was not encoded just now, it is once more.
    private func prior(
        _ model: HeldModel, _ input: OpenedInput, _ request: OpenRequest
    ) async throws -> (side: SidePrior?, learnt: LearntMap?) {
        let settings = request.settings
        guard case .image(let image) = input.content, settings.index == .banzhaf, settings.sampling == .crossed else {
            return (nil, nil)
        }
        let full = Coalition(full: input.plan.players)
        let game = input.held.game
        let states = try await game.patchStates { [scheduler] in
            if let states = input.states.states { return states }
            let encoder = MaskEncoder(scheduler: scheduler, model: model.running, urgency: .interactive)
            _ = try await input.content.encode(
                [full], with: encoder, masking: settings.masking, states: input.states)
            return input.states.states
        }
        let samples = await game.samples
        guard let states, let row = samples.row(of: full) else { return (nil, nil) }
        let whole = Array(samples.embedding(row: row))
        let learnt = try await learntMap(request, model, game.key)
        let side = try await arithmetic.run { _ in
            PatchPrior(states: states.values, whole: whole).side(
                image.players, map: learnt?.map, identity: learnt?.name ?? "pass")
        }
        return (side, learnt)
    }

    /// - Throws: `ParameterError` on `prior` for a map that is not kept.
    private func learntMap(_ request: OpenRequest, _ model: HeldModel, _ key: GameKey) async throws -> LearntMap? {
        let dimension = model.loaded.dimension
        switch request.prior {
        case .pass: return nil
        case .learnt:
            guard let maps, let key = key.learntMap else { return nil }
            return try await maps.current(key, dimension: dimension)
        case .map(let name):
            guard let maps, let key = key.learntMap,
                let map = try await maps.named(name, key, dimension: dimension)
            else {
                throw ParameterError(
                    "prior",
                    "names the map \(name), which this daemon does not keep (it keeps the last ones of its --state folder); "
                        + "use \"learnt\" or \"pass\"")
            }
            return map
        }
    }
}

extension OpenRequest.ImageChoice {
    /// - Throws: `ParameterError` on `parameter`.
    fileprivate func players(of patches: PatchGrid, _ parameter: String) throws(ParameterError) -> ImagePlayers {
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
            throw ParameterError(parameter, "does not fit the image: \(error)")
        }
    }
}

extension TextPlayers {
    /// Players made of consecutive tokens, as many each as `groupSizes` says.
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
