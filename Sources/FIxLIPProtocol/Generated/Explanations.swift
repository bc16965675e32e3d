// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.

/// `explain`: Opens, refines, answers and closes in one request.
package enum Explain: RequestMethod {
    package static let name = "explain"

    /// Parameters of `explain`: those of `explanation/open`, of `explanation/refine`, of a selection, and how to draw
    /// it. Exactly one of `image` and `text`, `image` and `image2`, `text` and `text2`, `image` and `target`, `text`
    /// and `target` is given.
    @dynamicMemberLookup
    package struct Parameters: Codable, Sendable, Equatable {
        package var open: ExplanationOpen.Parameters
        package var rules: RefinementRules
        package var layout: EstimateLayout
        /// Given, the result carries a picture.
        package var render: RenderOptions?
        /// Whether the result depends on the parameters, the model and the machine alone: masks that earlier
        /// explanations left warm are not encoded again, but do not count beyond the budget, and a stop rule looks at
        /// estimates of fixed numbers of masks. Not with a deadline.
        package var reproducible: Bool?

        package static let defaultReproducible: Bool = false

        package init(
            open: ExplanationOpen.Parameters = ExplanationOpen.Parameters(), rules: RefinementRules = RefinementRules(),
            layout: EstimateLayout = EstimateLayout(), render: RenderOptions? = nil, reproducible: Bool? = nil
        ) {
            self.open = open
            self.rules = rules
            self.layout = layout
            self.render = render
            self.reproducible = reproducible
        }

        package subscript<Value>(
            dynamicMember member: WritableKeyPath<ExplanationOpen.Parameters, Value>
        ) -> Value {
            get { open[keyPath: member] }
            set { open[keyPath: member] = newValue }
        }

        package subscript<Value>(
            dynamicMember member: WritableKeyPath<RefinementRules, Value>
        ) -> Value {
            get { rules[keyPath: member] }
            set { rules[keyPath: member] = newValue }
        }

        package subscript<Value>(
            dynamicMember member: WritableKeyPath<EstimateLayout, Value>
        ) -> Value {
            get { layout[keyPath: member] }
            set { layout[keyPath: member] = newValue }
        }

        private enum CodingKeys: String, CodingKey {
            case render, reproducible
        }

        package init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            open = try ExplanationOpen.Parameters(from: decoder)
            rules = try RefinementRules(from: decoder)
            layout = try EstimateLayout(from: decoder)
            render = try members.decodeIfPresent(RenderOptions.self, forKey: .render)
            reproducible = try members.decodeIfPresent(Bool.self, forKey: .reproducible)
        }

        package func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try open.encode(to: encoder)
            try rules.encode(to: encoder)
            try layout.encode(to: encoder)
            try members.encodeIfPresent(render, forKey: .render)
            try members.encodeIfPresent(reproducible, forKey: .reproducible)
        }
    }

    /// Result of `explain`.
    package struct Result: Codable, Sendable, Equatable {
        /// Id of the model.
        package var model: String
        /// The players of an explanation, numbered from 0.
        package var players: Players
        /// Value with every player absent, v(∅), in logits or as a cosine.
        package var emptyValue: Double
        /// Value with every player present, v(N), likewise.
        package var fullValue: Double
        /// Inner product of the two sides' embeddings with every player present; of two inputs, their cosine.
        package var cosine: Double
        /// v(1, 1) − v(1, ∅) − v(∅, 1) + v(∅, ∅), with the players of the first side before those of the second: what
        /// the pairs across the two sides make up. The headline of two images or two texts, which are alike with
        /// nothing shown, too. Since 1.2.
        package var centeredValue: Double?
        /// What values are measured in. Since 1.2.
        package var scale: Scale?
        /// What the target came to; absent without one. Since 1.2.
        package var target: TargetSummary?
        /// The map that the first image's estimates begin with; absent without one. Since 1.2.
        package var learnt: ExplanationOpen.Learnt?
        /// Whether the caption was longer than the model's positions and was cut.
        package var truncated: Bool
        /// Image masks the estimate rests on.
        package var imageMasks: Int
        /// Text masks the estimate rests on.
        package var textMasks: Int
        /// Why a refinement ended.
        package var stopReason: StopReason
        /// Wall clock of the refinement, in milliseconds.
        package var elapsedMilliseconds: Double
        /// Share of the variance over coalitions not seen that the values explain, estimated by leave-one-out; at most
        /// 1, and negative where the mean would do better. Absent where it is not known.
        package var looR2: Double?
        /// Interaction values, in logits, of n = n_I + n_T players, image players first.
        package var values: Values
        /// When it was asked for.
        package var render: Rendered?

        package init(
            model: String, players: Players, emptyValue: Double, fullValue: Double, cosine: Double,
            centeredValue: Double? = nil, scale: Scale? = nil, target: TargetSummary? = nil,
            learnt: ExplanationOpen.Learnt? = nil, truncated: Bool, imageMasks: Int, textMasks: Int,
            stopReason: StopReason, elapsedMilliseconds: Double, looR2: Double? = nil, values: Values,
            render: Rendered? = nil
        ) {
            self.model = model
            self.players = players
            self.emptyValue = emptyValue
            self.fullValue = fullValue
            self.cosine = cosine
            self.centeredValue = centeredValue
            self.scale = scale
            self.target = target
            self.learnt = learnt
            self.truncated = truncated
            self.imageMasks = imageMasks
            self.textMasks = textMasks
            self.stopReason = stopReason
            self.elapsedMilliseconds = elapsedMilliseconds
            self.looR2 = looR2
            self.values = values
            self.render = render
        }
    }
}

/// `explanation/open`: Begins an explanation of one image and one caption.
package enum ExplanationOpen: RequestMethod {
    package static let name = "explanation/open"

    /// Parameters of `explanation/open`. Exactly one of `image` and `text`, `image` and `image2`, `text` and `text2`,
    /// `image` and `target`, `text` and `target` is given.
    package struct Parameters: Codable, Sendable, Equatable {
        /// Which model.
        package var model: String?
        /// An image.
        package var image: ImageInput?
        /// The caption, of at most 65,536 Unicode scalars.
        package var text: String?
        /// A second image, which `image` is compared with. Since 1.2.
        package var image2: ImageInput?
        /// A second text, which `text` is compared with. Since 1.2.
        package var text2: String?
        /// What `image` or `text` is compared with instead of one other input. Since 1.2.
        package var target: Target?
        /// What the values are measured in. Left out, `"logits"` for an image and texts or classes, `"cosine"` for two
        /// images, two texts and vectors. Since 1.2.
        package var scale: Scale?
        /// Which interaction index.
        package var index: IndexChoice?
        /// How likely each player is present, for the Banzhaf index only.
        package var p: Double?
        /// 1: single players only. 2: pairs too.
        package var order: Int?
        /// What stands for an absent patch.
        package var masking: MaskingChoice?
        /// Which players an explanation has.
        package var players: PlayersChoice?
        /// How values are estimated.
        package var estimator: EstimatorChoice?
        /// Seed of the masks.
        package var seed: Seeds?
        /// How masks are drawn.
        package var sampling: SamplingChoice?
        /// Whether each mask is followed by its complement; only for Banzhaf with p = 0.5, and for Shapley with joint
        /// sampling. Left out, it is true for the latter, else false.
        package var paired: Bool?
        /// What is expected of an image before its masks: `"learnt"`, what games of other images taught, where the
        /// daemon learns, else as `"pass"`; `"pass"`, what the pass over the image alone says; or the name of a learnt
        /// map, as a result told it. It matters below 192 masks; later estimates rest on the masks alone. Since 1.2.
        package var prior: String?

        package static let defaultIndex: IndexChoice = .banzhaf
        package static let defaultP: Double = 0.5
        package static let defaultOrder: Int = 2
        package static let defaultMasking: MaskingChoice = .mean
        package static let defaultEstimator: EstimatorChoice = .ridge
        package static let defaultSeed: Seeds = Seeds(image: 0, text: 0)
        package static let defaultSampling: SamplingChoice = .crossed
        package static let defaultPrior: String = "learnt"

        package init(
            model: String? = nil, image: ImageInput? = nil, text: String? = nil, image2: ImageInput? = nil,
            text2: String? = nil, target: Target? = nil, scale: Scale? = nil, index: IndexChoice? = nil,
            p: Double? = nil, order: Int? = nil, masking: MaskingChoice? = nil, players: PlayersChoice? = nil,
            estimator: EstimatorChoice? = nil, seed: Seeds? = nil, sampling: SamplingChoice? = nil, paired: Bool? = nil,
            prior: String? = nil
        ) {
            self.model = model
            self.image = image
            self.text = text
            self.image2 = image2
            self.text2 = text2
            self.target = target
            self.scale = scale
            self.index = index
            self.p = p
            self.order = order
            self.masking = masking
            self.players = players
            self.estimator = estimator
            self.seed = seed
            self.sampling = sampling
            self.paired = paired
            self.prior = prior
        }
    }

    /// The map from an image's pass to its patches' coefficients that an explanation begins with.
    package struct Learnt: Codable, Sendable, Equatable {
        /// Its name: sixteen hexadecimal digits of a digest. `prior` takes it.
        package var map: String
        /// How many images it was learnt on.
        package var images: Int
        /// The share of the patches' coefficients that it foretells on images it was not learnt on, at most 1.
        package var heldOutShare: Double

        package init(map: String, images: Int, heldOutShare: Double) {
            self.map = map
            self.images = images
            self.heldOutShare = heldOutShare
        }
    }

    /// Result of `explanation/open`.
    package struct Result: Codable, Sendable, Equatable {
        /// A handle for the other methods. It ends with `explanation/close`, after an hour without use, or with the
        /// daemon.
        package var explanation: String
        /// Id of the model.
        package var model: String
        /// The players of an explanation, numbered from 0.
        package var players: Players
        /// Value with every player absent, v(∅), in logits or as a cosine.
        package var emptyValue: Double
        /// Value with every player present, v(N), likewise.
        package var fullValue: Double
        /// Inner product of the two sides' embeddings with every player present; of two inputs, their cosine.
        package var cosine: Double
        /// v(1, 1) − v(1, ∅) − v(∅, 1) + v(∅, ∅), with the players of the first side before those of the second: what
        /// the pairs across the two sides make up. The headline of two images or two texts, which are alike with
        /// nothing shown, too. Since 1.2.
        package var centeredValue: Double?
        /// What values are measured in. Since 1.2.
        package var scale: Scale?
        /// What the target came to; absent without one. Since 1.2.
        package var target: TargetSummary?
        /// The map that the first image's estimates begin with; absent without one. Since 1.2.
        package var learnt: ExplanationOpen.Learnt?
        /// Whether the caption was longer than the model's positions and was cut.
        package var truncated: Bool
        /// Masks that are there already from earlier explanations of the same image or caption.
        package var warm: ExplanationOpen.Warm

        package init(
            explanation: String, model: String, players: Players, emptyValue: Double, fullValue: Double, cosine: Double,
            centeredValue: Double? = nil, scale: Scale? = nil, target: TargetSummary? = nil,
            learnt: ExplanationOpen.Learnt? = nil, truncated: Bool, warm: ExplanationOpen.Warm
        ) {
            self.explanation = explanation
            self.model = model
            self.players = players
            self.emptyValue = emptyValue
            self.fullValue = fullValue
            self.cosine = cosine
            self.centeredValue = centeredValue
            self.scale = scale
            self.target = target
            self.learnt = learnt
            self.truncated = truncated
            self.warm = warm
        }
    }

    /// Masks that are there already from earlier explanations of the same image or caption.
    package struct Warm: Codable, Sendable, Equatable {
        /// Of the image game.
        package var imageMasks: Int
        /// Of the text game.
        package var textMasks: Int

        package init(imageMasks: Int, textMasks: Int) {
            self.imageMasks = imageMasks
            self.textMasks = textMasks
        }
    }
}

/// `explanation/refine`: Adds masks until a budget is met or a rule holds.
package enum ExplanationRefine: RequestMethod {
    package static let name = "explanation/refine"

    /// Parameters of `explanation/refine`. Without a budget, a deadline or a rule: as many image masks as a budget has
    /// by default. With a deadline or a rule alone, as many as the daemon allows.
    @dynamicMemberLookup
    package struct Parameters: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        package var rules: RefinementRules
        /// What of the estimate the result carries; given, progress reports carry it too.
        package var values: Selection?

        package init(explanation: String, rules: RefinementRules = RefinementRules(), values: Selection? = nil) {
            self.explanation = explanation
            self.rules = rules
            self.values = values
        }

        package subscript<Value>(
            dynamicMember member: WritableKeyPath<RefinementRules, Value>
        ) -> Value {
            get { rules[keyPath: member] }
            set { rules[keyPath: member] = newValue }
        }

        private enum CodingKeys: String, CodingKey {
            case explanation, values
        }

        package init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            explanation = try members.decode(String.self, forKey: .explanation)
            rules = try RefinementRules(from: decoder)
            values = try members.decodeIfPresent(Selection.self, forKey: .values)
        }

        package func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(explanation, forKey: .explanation)
            try rules.encode(to: encoder)
            try members.encodeIfPresent(values, forKey: .values)
        }
    }

    /// Result of `explanation/refine`.
    package struct Result: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        /// Image masks the estimate rests on.
        package var imageMasks: Int
        /// Text masks the estimate rests on.
        package var textMasks: Int
        /// Why a refinement ended.
        package var stopReason: StopReason
        /// Wall clock of the refinement, in milliseconds.
        package var elapsedMilliseconds: Double
        /// Share of the variance over coalitions not seen that the values explain, estimated by leave-one-out; at most
        /// 1, and negative where the mean would do better. Absent where it is not known.
        package var looR2: Double?
        /// Interaction values, in logits, of n = n_I + n_T players, image players first.
        package var values: Values

        package init(
            explanation: String, imageMasks: Int, textMasks: Int, stopReason: StopReason, elapsedMilliseconds: Double,
            looR2: Double? = nil, values: Values
        ) {
            self.explanation = explanation
            self.imageMasks = imageMasks
            self.textMasks = textMasks
            self.stopReason = stopReason
            self.elapsedMilliseconds = elapsedMilliseconds
            self.looR2 = looR2
            self.values = values
        }
    }
}

/// `explanation/stop`: Ends a running refinement early, with its result.
package enum ExplanationStop: RequestMethod {
    package static let name = "explanation/stop"
    package typealias Parameters = ExplanationReference

    /// Result of `explanation/stop`.
    package struct Result: Codable, Sendable, Equatable {
        /// How many running refinements were asked to stop.
        package var stopped: Int

        package init(stopped: Int) {
            self.stopped = stopped
        }
    }
}

/// `explanation/values`: The current estimate.
package enum ExplanationValues: RequestMethod {
    package static let name = "explanation/values"

    /// Parameters of `explanation/values`.
    @dynamicMemberLookup
    package struct Parameters: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        package var selection: Selection

        package init(explanation: String, selection: Selection = Selection()) {
            self.explanation = explanation
            self.selection = selection
        }

        package subscript<Value>(
            dynamicMember member: WritableKeyPath<Selection, Value>
        ) -> Value {
            get { selection[keyPath: member] }
            set { selection[keyPath: member] = newValue }
        }

        private enum CodingKeys: String, CodingKey {
            case explanation
        }

        package init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            explanation = try members.decode(String.self, forKey: .explanation)
            selection = try Selection(from: decoder)
        }

        package func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(explanation, forKey: .explanation)
            try selection.encode(to: encoder)
        }
    }

    /// Result of `explanation/values`.
    package struct Result: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        /// Image masks the estimate rests on.
        package var imageMasks: Int
        /// Text masks the estimate rests on.
        package var textMasks: Int
        /// Interaction values, in logits, of n = n_I + n_T players, image players first.
        package var values: Values

        package init(explanation: String, imageMasks: Int, textMasks: Int, values: Values) {
            self.explanation = explanation
            self.imageMasks = imageMasks
            self.textMasks = textMasks
            self.values = values
        }
    }
}

/// `explanation/condition`: The pairs of one player.
package enum ExplanationCondition: RequestMethod {
    package static let name = "explanation/condition"

    /// Parameters of `explanation/condition`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        /// The player's number, image players first.
        package var player: Int

        package init(explanation: String, player: Int) {
            self.explanation = explanation
            self.player = player
        }
    }

    /// Result of `explanation/condition`: the pairs of one player, in the explanation's scale. For a word it is a heat
    /// map over the image, for a patch a weight per word.
    package struct Result: Codable, Sendable, Equatable {
        /// The player.
        package var player: Int
        /// Its own value, a_i.
        package var first: Double
        /// Its pairs with the image players; 0 with itself. Empty where there is no image.
        package var image: [Double]
        /// Its pairs with the text players; 0 with itself. Empty where there is no text.
        package var text: [Double]
        /// Its pairs with the players of the second image. Since 1.2.
        package var image2: [Double]?
        /// Its pairs with the players of the second text. Since 1.2.
        package var text2: [Double]?
        /// Its pairs with the players of each text of the target. Since 1.2.
        package var targets: [[Double]]?

        package init(
            player: Int, first: Double, image: [Double], text: [Double], image2: [Double]? = nil,
            text2: [Double]? = nil, targets: [[Double]]? = nil
        ) {
            self.player = player
            self.first = first
            self.image = image
            self.text = text
            self.image2 = image2
            self.text2 = text2
            self.targets = targets
        }
    }
}

/// `explanation/subset`: The players that matter most or least together.
package enum ExplanationSubset: RequestMethod {
    package static let name = "explanation/subset"

    /// Parameters of `explanation/subset`. Exactly one of `size` and `sizes`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        /// Players in the coalition.
        package var size: Int?
        /// Several sizes at once.
        package var sizes: [Int]?
        /// The largest or the smallest predicted value.
        package var objective: SubsetObjective?

        package static let defaultObjective: SubsetObjective = .max

        package init(explanation: String, size: Int? = nil, sizes: [Int]? = nil, objective: SubsetObjective? = nil) {
            self.explanation = explanation
            self.size = size
            self.sizes = sizes
            self.objective = objective
        }
    }

    /// Result of `explanation/subset`.
    package struct Result: Codable, Sendable, Equatable {
        /// One per size, in the order asked for.
        package var subsets: [ExplanationSubset.Subset]
        /// Whether every coalition was looked at (20 players or fewer), or the search was greedy.
        package var exact: Bool

        package init(subsets: [ExplanationSubset.Subset], exact: Bool) {
            self.subsets = subsets
            self.exact = exact
        }
    }

    /// A coalition.
    package struct Subset: Codable, Sendable, Equatable {
        /// Players in it.
        package var size: Int
        /// Their numbers, ascending.
        package var players: [Int]
        /// Predicted value above that of the empty pair, in logits.
        package var value: Double

        package init(size: Int, players: [Int], value: Double) {
            self.size = size
            self.players = players
            self.value = value
        }
    }
}

/// `explanation/compare`: Two explanations on common players.
package enum ExplanationCompare: RequestMethod {
    package static let name = "explanation/compare"

    /// Parameters of `explanation/compare`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// The two to compare: other images, captions or models.
        package var explanations: [String]

        package static let mostExplanations = 2

        package init(explanations: [String]) {
            self.explanations = explanations
        }
    }

    /// Result of `explanation/compare`. Both sides are laid on the same axes: the cells of the finer of the two patch
    /// grids, with an image player's values shared out by area, and the words of both captions, aligned in order, case
    /// ignored. A word's value is the sum over its text players.
    package struct Result: Codable, Sendable, Equatable {
        /// The finer of the two patch grids.
        package var grid: GridShape
        /// The words of both captions in order, each once where both have it; where they differ, those of the first
        /// caption before those of the second.
        package var words: [String]
        /// In the order asked for.
        package var sides: [ExplanationCompare.Side]
        /// Pearson correlation of the sides' `image`; absent where one is constant.
        package var imageCorrelation: Double?
        /// Pearson correlation of the sides' `words`, over the words that both captions have; absent where one is
        /// constant or no word is shared.
        package var wordCorrelation: Double?
        /// Pearson correlation of the sides' `crossModal`, over the words that both captions have; absent where one is
        /// constant or no word is shared.
        package var crossModalCorrelation: Double?

        package init(
            grid: GridShape, words: [String], sides: [ExplanationCompare.Side], imageCorrelation: Double? = nil,
            wordCorrelation: Double? = nil, crossModalCorrelation: Double? = nil
        ) {
            self.grid = grid
            self.words = words
            self.sides = sides
            self.imageCorrelation = imageCorrelation
            self.wordCorrelation = wordCorrelation
            self.crossModalCorrelation = crossModalCorrelation
        }
    }

    /// One of two explanations on the axes of the comparison.
    package struct Side: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        /// First-order reading over the cells of the grid, row by row from the top, in logits; they add up to those of
        /// the image players.
        package var image: [Double]
        /// First-order reading per word of the comparison, in logits; null for a word that this caption lacks.
        package var words: [Double?]
        /// Pairs, `[words][cells]`, in logits; a row of 0 for a word that this caption lacks.
        package var crossModal: [[Double]]

        package init(explanation: String, image: [Double], words: [Double?], crossModal: [[Double]]) {
            self.explanation = explanation
            self.image = image
            self.words = words
            self.crossModal = crossModal
        }
    }
}

/// `explanation/evaluate`: How good an explanation is.
package enum ExplanationEvaluate: RequestMethod {
    package static let name = "explanation/evaluate"

    /// Parameters of `explanation/evaluate`. `samples`, `p`, `sampling` and `players` are for faithfulness, `targets`
    /// for the pointing game, `masks` for the map's correlation, `seed` for it and for faithfulness.
    package struct Parameters: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        /// What is measured.
        package var metric: EvaluationMetric
        /// Coalitions of all players drawn for faithfulness; at most `capabilities.limits.imageMasks`.
        package var samples: Int?
        /// Probability with which each player is in a coalition drawn. Left out, it is the explanation's own; for
        /// Shapley interactions, sizes then follow the Shapley kernel.
        package var p: Double?
        /// Left out, it is that of the explanation's index, or `"bernoulli"` where `p` is given. Since 1.1.
        package var sampling: CoalitionSampling?
        /// Whose coalitions are drawn for faithfulness. Since 1.1.
        package var players: EvaluatedPlayers?
        /// Image masks of the estimate that the map is compared with; at most `capabilities.limits.imageMasks`. Since
        /// 1.1.
        package var masks: Int?
        /// Of the coalitions drawn, and of the masks that the map is compared on; the same seed draws the same.
        package var seed: UInt32?
        /// Another than the explanation was opened with; the masks serve both.
        package var estimator: EstimatorChoice?
        /// Another than the explanation was opened with. The pointing game reads pairs and needs 2.
        package var order: Int?
        /// The class words; needed for the pointing game. The image players must form a grid.
        package var targets: [ExplanationEvaluate.Target]?

        package static let defaultSamples: Int = 1000
        package static let defaultPlayers: EvaluatedPlayers = .all
        package static let defaultMasks: Int = 4096
        package static let defaultSeed: UInt32 = 0

        package init(
            explanation: String, metric: EvaluationMetric, samples: Int? = nil, p: Double? = nil,
            sampling: CoalitionSampling? = nil, players: EvaluatedPlayers? = nil, masks: Int? = nil,
            seed: UInt32? = nil, estimator: EstimatorChoice? = nil, order: Int? = nil,
            targets: [ExplanationEvaluate.Target]? = nil
        ) {
            self.explanation = explanation
            self.metric = metric
            self.samples = samples
            self.p = p
            self.sampling = sampling
            self.players = players
            self.masks = masks
            self.seed = seed
            self.estimator = estimator
            self.order = order
            self.targets = targets
        }
    }

    /// A class word of the pointing game and where its object is.
    package struct Target: Codable, Sendable, Equatable {
        /// The text players of the word, counted among the text players from 0.
        package var textPlayers: [Int]
        /// A quarter of the image.
        package var quadrant: QuadrantChoice

        package init(textPlayers: [Int], quadrant: QuadrantChoice) {
            self.textPlayers = textPlayers
            self.quadrant = quadrant
        }
    }

    /// Result of `explanation/evaluate`: the metric and the member of its name.
    package struct Result: Codable, Sendable, Equatable {
        /// What is measured.
        package var metric: EvaluationMetric
        /// How well the values predict the model on coalitions drawn at random, above the empty value (the paper's
        /// section 5).
        package var faithfulness: ExplanationEvaluate.Faithfulness?
        /// The values of the model as players are removed in the explanation's order (the paper's section 5), with 0
        /// for the empty and 1 for the whole pair, at 51 even fractions of players present, from none to all.
        package var insertionDeletion: ExplanationEvaluate.Curves?
        /// The share of the class words' pairs with patches, by magnitude, that is positive inside the word's quadrant
        /// or not positive outside of it; absent where all are 0.
        package var pointingGame: Double?
        /// Pearson correlation over the image players; absent where one map is constant. Since 1.1.
        package var mapCorrelation: Double?

        package init(
            metric: EvaluationMetric, faithfulness: ExplanationEvaluate.Faithfulness? = nil,
            insertionDeletion: ExplanationEvaluate.Curves? = nil, pointingGame: Double? = nil,
            mapCorrelation: Double? = nil
        ) {
            self.metric = metric
            self.faithfulness = faithfulness
            self.insertionDeletion = insertionDeletion
            self.pointingGame = pointingGame
            self.mapCorrelation = mapCorrelation
        }
    }

    /// How well the values predict the model on coalitions drawn at random, above the empty value (the paper's section
    /// 5). A member is absent where it has no value, as a correlation of constants.
    package struct Faithfulness: Codable, Sendable, Equatable {
        /// Coalitions drawn.
        package var samples: Int
        /// Coefficient of determination, at most 1; negative where the mean would do better.
        package var rSquared: Double?
        /// Pearson correlation.
        package var pearson: Double?
        /// Spearman's rank correlation.
        package var spearman: Double?
        /// Kendall's rank correlation.
        package var kendall: Double?
        /// In logits squared.
        package var meanSquaredError: Double
        /// In logits.
        package var meanAbsoluteError: Double
        /// Cosine of the two vectors of values.
        package var cosine: Double?

        package init(
            samples: Int, rSquared: Double? = nil, pearson: Double? = nil, spearman: Double? = nil,
            kendall: Double? = nil, meanSquaredError: Double, meanAbsoluteError: Double, cosine: Double? = nil
        ) {
            self.samples = samples
            self.rSquared = rSquared
            self.pearson = pearson
            self.spearman = spearman
            self.kendall = kendall
            self.meanSquaredError = meanSquaredError
            self.meanAbsoluteError = meanAbsoluteError
            self.cosine = cosine
        }
    }

    /// The values of the model as players are removed in the explanation's order (the paper's section 5), with 0 for
    /// the empty and 1 for the whole pair, at 51 even fractions of players present, from none to all.
    package struct Curves: Codable, Sendable, Equatable {
        /// With the least important players removed first: 51 points.
        package var leastImportantFirst: [Double]
        /// With the most important players removed first: 51 points.
        package var mostImportantFirst: [Double]
        /// The area between the first curve and the second; larger is better.
        package var areaBetween: Double

        package init(leastImportantFirst: [Double], mostImportantFirst: [Double], areaBetween: Double) {
            self.leastImportantFirst = leastImportantFirst
            self.mostImportantFirst = mostImportantFirst
            self.areaBetween = areaBetween
        }
    }
}

/// `explanation/coalitions`: What the model says of coalitions of your choosing.
package enum ExplanationCoalitions: RequestMethod {
    package static let name = "explanation/coalitions"

    /// Parameters of `explanation/coalitions`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        /// The players present, image players first, one list per coalition; at most `capabilities.limits.imageMasks`
        /// lists. An empty list is the empty pair.
        package var coalitions: [[Int]]
        /// Predict with another than the explanation was opened with; the masks serve both.
        package var estimator: EstimatorChoice?
        /// Predict with another than the explanation was opened with.
        package var order: Int?

        package init(explanation: String, coalitions: [[Int]], estimator: EstimatorChoice? = nil, order: Int? = nil) {
            self.explanation = explanation
            self.coalitions = coalitions
            self.estimator = estimator
            self.order = order
        }
    }

    /// Result of `explanation/coalitions`: logits, one per coalition.
    package struct Result: Codable, Sendable, Equatable {
        /// What the model says.
        package var values: [Double]
        /// What the explanation predicts, the value of the empty pair included; absent before its first masks.
        package var predicted: [Double]?

        package init(values: [Double], predicted: [Double]? = nil) {
            self.values = values
            self.predicted = predicted
        }
    }
}

/// `explanation/render`: Draws the current estimate.
package enum ExplanationRender: RequestMethod {
    package static let name = "explanation/render"
    package typealias Result = Rendered

    /// Parameters of `explanation/render`.
    @dynamicMemberLookup
    package struct Parameters: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        /// Another explanation, drawn beside the first on one scale; `"overview"` only.
        package var compareWith: String?
        package var options: RenderOptions

        package init(explanation: String, compareWith: String? = nil, options: RenderOptions) {
            self.explanation = explanation
            self.compareWith = compareWith
            self.options = options
        }

        package subscript<Value>(
            dynamicMember member: WritableKeyPath<RenderOptions, Value>
        ) -> Value {
            get { options[keyPath: member] }
            set { options[keyPath: member] = newValue }
        }

        private enum CodingKeys: String, CodingKey {
            case explanation, compareWith
        }

        package init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            explanation = try members.decode(String.self, forKey: .explanation)
            compareWith = try members.decodeIfPresent(String.self, forKey: .compareWith)
            options = try RenderOptions(from: decoder)
        }

        package func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(explanation, forKey: .explanation)
            try members.encodeIfPresent(compareWith, forKey: .compareWith)
            try options.encode(to: encoder)
        }
    }
}

/// `explanation/export`: The current estimate as a file other programs read.
package enum ExplanationExport: RequestMethod {
    package static let name = "explanation/export"

    /// Parameters of `explanation/export`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// The explanation's handle.
        package var explanation: String
        /// What kind of file.
        package var format: ExplanationExport.Format

        package init(explanation: String, format: ExplanationExport.Format) {
            self.explanation = explanation
            self.format = format
        }
    }

    /// What kind of file. `"shapiq"`: the JSON that `shapiq.InteractionValues.load` reads. `"json"`: everything about
    /// the explanation.
    package enum Format: String, Choice {
        case shapiq, json
    }

    /// Result of `explanation/export`.
    package struct Result: Codable, Sendable, Equatable {
        /// Of the content.
        package var mimeType: String
        /// The file's text.
        package var content: String

        package init(mimeType: String, content: String) {
            self.mimeType = mimeType
            self.content = content
        }
    }
}

/// `explanation/import`: An explanation that another program made, as a handle to read.
package enum ExplanationImport: RequestMethod {
    package static let name = "explanation/import"
    package typealias Result = ExplanationOpen.Result

    /// Parameters of `explanation/import`. Exactly one of `image` and `text`, `image` and `image2`, `text` and `text2`,
    /// `image` and `target`, `text` and `target` is given.
    package struct Parameters: Codable, Sendable, Equatable {
        /// Which model.
        package var model: String?
        /// An image.
        package var image: ImageInput?
        /// The caption, of at most 65,536 Unicode scalars.
        package var text: String?
        /// A second image, which `image` is compared with. Since 1.2.
        package var image2: ImageInput?
        /// A second text, which `text` is compared with. Since 1.2.
        package var text2: String?
        /// What `image` or `text` is compared with instead of one other input. Since 1.2.
        package var target: Target?
        /// What the values are measured in. Left out, `"logits"` for an image and texts or classes, `"cosine"` for two
        /// images, two texts and vectors. Since 1.2.
        package var scale: Scale?
        /// Which players an explanation has.
        package var players: PlayersChoice?
        /// How likely each player was present, which the file does not say; for the Banzhaf index only.
        package var p: Double?
        /// The JSON that `shapiq.InteractionValues.save` wrote, or `explanation/export` for shapiq.
        package var content: String

        package static let defaultP: Double = 0.5

        package init(
            model: String? = nil, image: ImageInput? = nil, text: String? = nil, image2: ImageInput? = nil,
            text2: String? = nil, target: Target? = nil, scale: Scale? = nil, players: PlayersChoice? = nil,
            p: Double? = nil, content: String
        ) {
            self.model = model
            self.image = image
            self.text = text
            self.image2 = image2
            self.text2 = text2
            self.target = target
            self.scale = scale
            self.players = players
            self.p = p
            self.content = content
        }
    }
}

/// `explanation/list`: The open explanations.
package enum ExplanationList: RequestMethod {
    package static let name = "explanation/list"
    package typealias Parameters = NoParameters

    /// Result of `explanation/list`.
    package struct Result: Codable, Sendable, Equatable {
        /// Every open explanation of the daemon, whichever connection opened it.
        package var explanations: [ExplanationSummary]

        package init(explanations: [ExplanationSummary]) {
            self.explanations = explanations
        }
    }
}

/// `explanation/close`: Forgets an explanation.
package enum ExplanationClose: RequestMethod {
    package static let name = "explanation/close"
    package typealias Parameters = ExplanationReference
    package typealias Result = Acknowledgement
}
