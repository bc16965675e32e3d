// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.

/// A model in memory.
package struct ModelStatus: Codable, Sendable, Equatable {
    /// What the first client that asked for it called it.
    package var id: String
    /// Its folder.
    package var path: String
    /// The family of a model.
    package var architecture: String
    /// For whole inputs.
    package var precision: String
    /// For masked inputs.
    package var maskPrecision: String
    /// Why masks are computed so.
    package var precisionReason: String?
    /// Memory of its weights.
    package var bytes: Int
    /// Seconds since its last use.
    package var lastUsedSecondsAgo: Double
    /// Seconds until it is unloaded if nobody uses it; absent while it is in use or kept for ever.
    package var expiresInSeconds: Double?
    /// Time of its last use, in whole seconds since 1970. Since 1.1.
    package var lastUsed: Int?
    /// When it is unloaded if nobody uses it, in whole seconds since 1970; absent as `expiresInSeconds` is. Since 1.1.
    package var expiresAt: Int?
    /// Requests and open explanations that hold it.
    package var inUse: Int

    package init(
        id: String, path: String, architecture: String, precision: String, maskPrecision: String,
        precisionReason: String? = nil, bytes: Int, lastUsedSecondsAgo: Double, expiresInSeconds: Double? = nil,
        lastUsed: Int? = nil, expiresAt: Int? = nil, inUse: Int
    ) {
        self.id = id
        self.path = path
        self.architecture = architecture
        self.precision = precision
        self.maskPrecision = maskPrecision
        self.precisionReason = precisionReason
        self.bytes = bytes
        self.lastUsedSecondsAgo = lastUsedSecondsAgo
        self.expiresInSeconds = expiresInSeconds
        self.lastUsed = lastUsed
        self.expiresAt = expiresAt
        self.inUse = inUse
    }
}

/// An open explanation.
package struct ExplanationSummary: Codable, Sendable, Equatable {
    /// The explanation's handle.
    package var explanation: String
    /// Id of the model.
    package var model: String
    /// The caption; what the image or text is compared with, where that is something else.
    package var text: String
    /// The image's name: its path, or what form it came in; empty where there is none.
    package var image: String
    /// Image masks the estimate rests on.
    package var imageMasks: Int
    /// Text masks the estimate rests on.
    package var textMasks: Int
    /// Whether a refinement runs.
    package var refining: Bool
    /// Memory of its masks, which it shares with explanations of the same image or the same caption. Since 1.1.
    package var bytes: Int?

    package init(
        explanation: String, model: String, text: String, image: String, imageMasks: Int, textMasks: Int,
        refining: Bool, bytes: Int? = nil
    ) {
        self.explanation = explanation
        self.model = model
        self.text = text
        self.image = image
        self.imageMasks = imageMasks
        self.textMasks = textMasks
        self.refining = refining
        self.bytes = bytes
    }
}

/// An empty object: it is done.
package struct Acknowledgement: Codable, Sendable, Equatable {

    package init() {}
}

/// What a model sees of an image. Where the patches' grid follows each picture's shape, `mostPatches` is there, and the
/// other members are those of the largest square picture.
package struct ImageShape: Codable, Sendable, Equatable {
    /// Pixels.
    package var width: Int
    /// Pixels.
    package var height: Int
    /// Patches from top to bottom.
    package var rows: Int
    /// Patches from left to right.
    package var columns: Int
    /// The most patches of a picture, where the grid follows its shape (SigLIP2 NaFlex); `explanation/open` tells the
    /// grid of a picture. Since 1.1.
    package var mostPatches: Int?

    package init(width: Int, height: Int, rows: Int, columns: Int, mostPatches: Int? = nil) {
        self.width = width
        self.height = height
        self.rows = rows
        self.columns = columns
        self.mostPatches = mostPatches
    }
}

/// What a model reads of a text.
package struct TextShape: Codable, Sendable, Equatable {
    /// Tokens, special ones included; longer texts are cut.
    package var positions: Int
    /// Tokens it knows.
    package var vocabulary: Int

    package init(positions: Int, vocabulary: Int) {
        self.positions = positions
        self.vocabulary = vocabulary
    }
}

/// What a model folder holds, found without reading its weights. Since 1.1.
package struct ModelSummary: Codable, Sendable, Equatable {
    /// The family of a model.
    package var architecture: String
    /// What a model sees of an image.
    package var image: ImageShape
    /// Pixels along a patch's edge.
    package var patchSize: Int
    /// Columns of the vision tower.
    package var width: Int
    /// Numbers per embedding.
    package var dimension: Int
    /// What a model reads of a text.
    package var text: TextShape
    /// How the tokens of a text attend, and what they are, such as `causal, BPE` or `two-sided, WordPiece`.
    package var textKind: String
    /// Bytes of the weight files.
    package var fileBytes: Int
    /// What `auto` takes for whole inputs.
    package var precision: String
    /// What `auto` takes for masked inputs; `int8` only if it turns out to be exact enough when the model is loaded.
    package var maskPrecision: String
    /// As the model's card has them, such as `en`; absent where it does not say.
    package var languages: [String]?

    package init(
        architecture: String, image: ImageShape, patchSize: Int, width: Int, dimension: Int, text: TextShape,
        textKind: String, fileBytes: Int, precision: String, maskPrecision: String, languages: [String]? = nil
    ) {
        self.architecture = architecture
        self.image = image
        self.patchSize = patchSize
        self.width = width
        self.dimension = dimension
        self.text = text
        self.textKind = textKind
        self.fileBytes = fileBytes
        self.precision = precision
        self.maskPrecision = maskPrecision
        self.languages = languages
    }
}

/// Embeddings of images or texts.
package struct Embeddings: Codable, Sendable, Equatable {
    /// Id of the model.
    package var model: String
    /// Numbers per embedding.
    package var dimension: Int
    /// One row of `dimension` floats per item, in order; null where the item failed.
    package var embeddings: [EncodedFloats?]
    /// Items that failed; absent where none did.
    package var errors: [ItemError]?
    /// Indexes of texts that were longer than the model's positions and were cut; absent where none was.
    package var truncated: [Int]?

    package init(
        model: String, dimension: Int, embeddings: [EncodedFloats?], errors: [ItemError]? = nil, truncated: [Int]? = nil
    ) {
        self.model = model
        self.dimension = dimension
        self.embeddings = embeddings
        self.errors = errors
        self.truncated = truncated
    }
}

/// One bad item of a request that went on without it.
package struct ItemError: Codable, Sendable, Equatable {
    /// Which item, from 0.
    package var index: Int
    /// The code the request would have failed with.
    package var code: Int
    /// The code's word.
    package var kind: String
    /// What was wrong and what to do.
    package var message: String

    package init(index: Int, code: Int, kind: String, message: String) {
        self.index = index
        self.code = code
        self.kind = kind
        self.message = message
    }
}

/// A class by its prompts.
package struct TargetClass: Codable, Sendable, Equatable {
    /// What the class is called; left out, its first prompt.
    package var name: String?
    /// What an image of the class might be captioned as.
    package var prompts: [String]

    package init(name: String? = nil, prompts: [String]) {
        self.name = name
        self.prompts = prompts
    }
}

/// A class of an image.
package struct ClassScore: Codable, Sendable, Equatable {
    /// Which class, counted from 0.
    package var index: Int
    /// Its name.
    package var name: String
    /// logitScale · cosine + logitBias.
    package var logit: Float
    /// CLIP: softmax over the classes. SigLIP: sigmoid of the logit.
    package var probability: Float

    package init(index: Int, name: String, logit: Float, probability: Float) {
        self.index = index
        self.name = name
        self.logit = logit
        self.probability = probability
    }
}

/// Which players an explanation has. Left out: the patches, and the words of the caption.
package struct PlayersChoice: Codable, Sendable, Equatable {
    /// Image players other than the single patches, as unions of patches.
    package var image: ImagePlayersChoice?
    /// Text players.
    package var text: TextPlayersChoice?
    /// Of the second image. Left out, its patches. Since 1.2.
    package var image2: ImagePlayersChoice?
    /// Of the second text. Left out, `"words"`. Since 1.2.
    package var text2: TextPlayersChoice?

    package static let defaultText: TextPlayersChoice = .words

    package init(
        image: ImagePlayersChoice? = nil, text: TextPlayersChoice? = nil, image2: ImagePlayersChoice? = nil,
        text2: TextPlayersChoice? = nil
    ) {
        self.image = image
        self.text = text
        self.image2 = image2
        self.text2 = text2
    }
}

/// How far a refinement goes, and who is told. Without a budget, a deadline or a rule it goes to the default number of
/// image masks; with a deadline or a rule alone, to as many as the daemon allows.
package struct RefinementRules: Codable, Sendable, Equatable {
    /// The total number of masks wanted in the games of an explanation, not an addition.
    package var budget: Budget?
    /// Wall-clock limit in milliseconds; what is there by then is the result.
    package var deadlineMilliseconds: Double?
    /// When an estimate is good enough; the first rule that holds ends the refinement.
    package var until: StopRule?
    /// Given, `$/progress` is sent with it.
    package var progressToken: ProgressToken?

    package static let mostDeadlineMilliseconds: Double = 86_400_000

    package init(
        budget: Budget? = nil, deadlineMilliseconds: Double? = nil, until: StopRule? = nil,
        progressToken: ProgressToken? = nil
    ) {
        self.budget = budget
        self.deadlineMilliseconds = deadlineMilliseconds
        self.until = until
        self.progressToken = progressToken
    }
}

/// The total number of masks wanted in the games of an explanation, not an addition: an already warm game may meet it
/// at once. At least 3: the whole, the empty, and one more; fewer are error 1009, as is a budget whose masks are too
/// few for the players.
package struct Budget: Codable, Sendable, Equatable {
    /// Image masks. Left out beside another stop rule, as many as that needs. At most `capabilities.limits.imageMasks`.
    /// With joint sampling: pairs of an image and a text mask.
    package var imageMasks: Int?
    /// Text masks. At most `capabilities.limits.textMasks`. Where there are no more than this many coalitions, all are
    /// enumerated. Not with joint sampling.
    package var textMasks: Int?

    package static let defaultImageMasks: Int = 512
    package static let defaultTextMasks: Int = 256

    package init(imageMasks: Int? = nil, textMasks: Int? = nil) {
        self.imageMasks = imageMasks
        self.textMasks = textMasks
    }
}

/// When an estimate is good enough; the first rule that holds ends the refinement.
package struct StopRule: Codable, Sendable, Equatable {
    /// Largest standard error, in logits, of the first-order values and of the `topK` strongest pairs.
    package var standardError: Double?
    /// How many of the strongest pairs the rules look at.
    package var topK: Int?
    /// Over how many successive estimates those pairs must stay the same. Looked at where it or `topK` without
    /// `standardError` is given.
    package var stableRounds: Int?

    package static let defaultTopK: Int = 10
    package static let defaultStableRounds: Int = 2

    package static let mostTopK = 100_000
    package static let mostStableRounds = 1_000

    package init(standardError: Double? = nil, topK: Int? = nil, stableRounds: Int? = nil) {
        self.standardError = standardError
        self.topK = topK
        self.stableRounds = stableRounds
    }
}

/// How much of an estimate a reply carries, and how its numbers are written.
package struct EstimateLayout: Codable, Sendable, Equatable {
    /// Which pairs a reply carries.
    package var pairs: PairSelection?
    /// Whether standard errors are wanted.
    package var standardErrors: Bool?
    /// How arrays of 32-bit floats are written.
    package var encoding: FloatEncoding?

    package static let defaultPairs: PairSelection = .all
    package static let defaultStandardErrors: Bool = false
    package static let defaultEncoding: FloatEncoding = .float

    package init(pairs: PairSelection? = nil, standardErrors: Bool? = nil, encoding: FloatEncoding? = nil) {
        self.pairs = pairs
        self.standardErrors = standardErrors
        self.encoding = encoding
    }
}

/// How a picture of an explanation should look.
package struct RenderOptions: Codable, Sendable, Equatable {
    /// An SVG picture, an HTML page that needs no other file, text for terminals, Markdown, or the SVG picture as PNG
    /// or PDF, for which librsvg has to be installed where the daemon runs.
    package var format: RenderFormat
    /// What a drawing shows.
    package var view: RenderView?
    /// The player that `"token"` and `"patch"` are about; left out, the one with the largest reading.
    package var player: Int?
    /// How many of the strongest word–patch pairs are drawn; twice as many of all kinds in a network or an upset plot.
    package var topK: Int?
    /// Pixels, at least 320 (SVG 960, HTML at most 1080), or columns of a terminal, at least 32 (80).
    package var width: Int?
    /// What the terminal can show; without colours, signs and bars carry the meaning.
    package var colors: TerminalColors?
    /// How values of patches lie over the picture in SVG, PNG, PDF and HTML.
    package var map: RenderMap?
    /// Whether only the caption, the picture and the words are drawn, without what adds up, lists and curves. Left out:
    /// true for PNG and PDF, else false.
    package var compact: Bool?
    /// Whether the model is asked what it says of parts that an overview names, such as one word with its patches: a
    /// few masks are encoded for that.
    package var askModel: Bool?

    package static let defaultView: RenderView = .overview
    package static let defaultTopK: Int = 8
    package static let defaultColors: TerminalColors = .trueColor
    package static let defaultMap: RenderMap = .smooth
    package static let defaultAskModel: Bool = false

    package static let mostTopK = 100_000
    package static let mostWidth = 10_000

    package init(
        format: RenderFormat, view: RenderView? = nil, player: Int? = nil, topK: Int? = nil, width: Int? = nil,
        colors: TerminalColors? = nil, map: RenderMap? = nil, compact: Bool? = nil, askModel: Bool? = nil
    ) {
        self.format = format
        self.view = view
        self.player = player
        self.topK = topK
        self.width = width
        self.colors = colors
        self.map = map
        self.compact = compact
        self.askModel = askModel
    }
}

/// The players of an explanation, numbered from 0: image players, then text players; of two inputs of one kind, the
/// first's before the second's.
package struct Players: Codable, Sendable, Equatable {
    /// Of the image; absent where there is none.
    package var image: Players.Image?
    /// The text players, in order of the caption; with `spans`, in the order given. Empty where there is no text.
    package var text: [Players.Text]
    /// Of the second image. Since 1.2.
    package var image2: Players.Image?
    /// Of the second text. Since 1.2.
    package var text2: [Players.Text]?
    /// Of each text of the target that has players, in turn. Since 1.2.
    package var targets: [TargetTextPlayers]?

    package init(
        image: Players.Image? = nil, text: [Players.Text], image2: Players.Image? = nil, text2: [Players.Text]? = nil,
        targets: [TargetTextPlayers]? = nil
    ) {
        self.image = image
        self.text = text
        self.image2 = image2
        self.text2 = text2
        self.targets = targets
    }
}

extension Players {
    /// The image players. They come first in the numbering of players, row by row from the top.
    package struct Image: Codable, Sendable, Equatable {
        /// Rows of the grid of players, or of patches with `regions`.
        package var rows: Int
        /// Columns of it.
        package var columns: Int
        /// Image players, n_I.
        package var count: Int
        /// One per image player, in pixels of the source image, with the model's crop and resize undone; a box may
        /// reach outside of it.
        package var boxes: [[Double]]
        /// With `regions`: the label of every patch.
        package var regions: [Int]?

        package init(rows: Int, columns: Int, count: Int, boxes: [[Double]], regions: [Int]? = nil) {
            self.rows = rows
            self.columns = columns
            self.count = count
            self.boxes = boxes
            self.regions = regions
        }
    }
}

extension Players {
    /// A text player.
    package struct Text: Codable, Sendable, Equatable {
        /// Its text: what the caption has from `start` to `end`.
        package var token: String
        /// Where it begins, in Unicode scalars of the caption.
        package var start: Int
        /// Where it ends, excluded.
        package var end: Int

        package init(token: String, start: Int, end: Int) {
            self.token = token
            self.start = start
            self.end = end
        }
    }
}

/// A text of the target and its players.
package struct TargetTextPlayers: Codable, Sendable, Equatable {
    /// The text.
    package var text: String
    /// Its weight.
    package var weight: Double
    /// Its players, in order of the text.
    package var players: [Players.Text]

    package init(text: String, weight: Double, players: [Players.Text]) {
        self.text = text
        self.weight = weight
        self.players = players
    }
}

/// What an input is compared with.
package struct TargetSummary: Codable, Sendable, Equatable {
    /// `embedding`, `texts` or `classes`.
    package var kind: String
    /// In words: `a dog rather than a cat`.
    package var label: String
    /// Of classes: the name of the runner-up, or `the others`.
    package var rather: String?
    /// Of classes: the class's probability among them, by the softmax of their logits.
    package var probability: Double?

    package init(kind: String, label: String, rather: String? = nil, probability: Double? = nil) {
        self.kind = kind
        self.label = label
        self.rather = rather
        self.probability = probability
    }
}

/// Interaction values, in logits, of n = n_I + n_T players, image players first. With a coalition S present, the
/// predicted logit is `emptyValue + baseline` + the values of the players in S + the values of the pairs in S.
package struct Values: Codable, Sendable, Equatable {
    /// Weighted Banzhaf interactions, or faithful Shapley interactions.
    package var index: String
    /// The Banzhaf parameter; absent for FSII.
    package var p: Double?
    package var order: Int
    /// How values are estimated.
    package var estimator: EstimatorChoice
    /// a_∅, the constant term.
    package var baseline: Double
    /// a_i: n values of single players.
    package var first: EncodedFloats
    /// φ_i = a_i + q·Σ_j a_ij, with q = p for FWBII and 1/2 for FSII: n values, each player's share with its pairs
    /// split.
    package var firstOrderReading: EncodedFloats
    /// a_ij. Absent for order 1 and with `"pairs": "none"`.
    package var pairs: Pairs?
    /// When they were asked for. Absent where the masks do not determine the values, and above 3,500 unknowns of a
    /// joint solve (`leastSquares`, Shapley, jointly drawn masks: from 84 players on where all pairs are kept).
    package var standardErrors: Values.StandardErrors?
    /// Share of the variance over coalitions not seen that the values explain, estimated by leave-one-out; at most 1,
    /// and negative where the mean would do better. Absent where it is not known.
    package var looR2: Double?
    /// Whether there were too few masks for a unique solution, and the one of least norm is given.
    package var rankDeficient: Bool
    /// Present when the problem was too large and was cut down to first order and cross-modal pairs; the pairs left out
    /// are 0. `ridge` for Banzhaf leaves out pairs of image players, of more than 90 and from more than 12,288 distinct
    /// image masks; `leastSquares`, Shapley and joint sampling leave out all pairs within a side where there are more
    /// than 109 players in all.
    package var restriction: String?
    /// Present when an iterative solve ended before its residual was 1e-10 of the right side, so that the values are
    /// near the solution and not at it. `ridge` for Banzhaf solves iteratively with more than 90 image players and from
    /// 4,097 distinct image masks on.
    package var unconverged: Bool?

    package init(
        index: String, p: Double? = nil, order: Int, estimator: EstimatorChoice, baseline: Double, first: EncodedFloats,
        firstOrderReading: EncodedFloats, pairs: Pairs? = nil, standardErrors: Values.StandardErrors? = nil,
        looR2: Double? = nil, rankDeficient: Bool, restriction: String? = nil, unconverged: Bool? = nil
    ) {
        self.index = index
        self.p = p
        self.order = order
        self.estimator = estimator
        self.baseline = baseline
        self.first = first
        self.firstOrderReading = firstOrderReading
        self.pairs = pairs
        self.standardErrors = standardErrors
        self.looR2 = looR2
        self.rankDeficient = rankDeficient
        self.restriction = restriction
        self.unconverged = unconverged
    }
}

extension Values {
    /// Standard errors of the values, in logits, in the same layout.
    package struct StandardErrors: Codable, Sendable, Equatable {
        /// n values.
        package var first: EncodedFloats
        /// n values.
        package var firstOrderReading: EncodedFloats
        /// Values of pairs of players, in logits.
        package var pairs: Pairs?

        package init(first: EncodedFloats, firstOrderReading: EncodedFloats, pairs: Pairs? = nil) {
            self.first = first
            self.firstOrderReading = firstOrderReading
            self.pairs = pairs
        }
    }
}

/// A picture.
package struct Rendered: Codable, Sendable, Equatable {
    /// Of the content.
    package var mimeType: String
    /// The text of the file, or its bytes in base64.
    package var content: String
    /// Where `content` is not the text itself: PNG and PDF.
    package var encoding: String?

    package init(mimeType: String, content: String, encoding: String? = nil) {
        self.mimeType = mimeType
        self.content = content
        self.encoding = encoding
    }
}

/// What of an estimate a client wants to see.
@dynamicMemberLookup
package struct Selection: Codable, Sendable, Equatable {
    /// Another than the explanation was opened with; the masks serve both.
    package var estimator: EstimatorChoice?
    /// Another than the explanation was opened with.
    package var order: Int?
    package var layout: EstimateLayout

    package init(estimator: EstimatorChoice? = nil, order: Int? = nil, layout: EstimateLayout = EstimateLayout()) {
        self.estimator = estimator
        self.order = order
        self.layout = layout
    }

    package subscript<Value>(
        dynamicMember member: WritableKeyPath<EstimateLayout, Value>
    ) -> Value {
        get { layout[keyPath: member] }
        set { layout[keyPath: member] = newValue }
    }

    private enum CodingKeys: String, CodingKey {
        case estimator, order
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        estimator = try members.decodeIfPresent(EstimatorChoice.self, forKey: .estimator)
        order = try members.decodeIfPresent(Int.self, forKey: .order)
        layout = try EstimateLayout(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeIfPresent(estimator, forKey: .estimator)
        try members.encodeIfPresent(order, forKey: .order)
        try layout.encode(to: encoder)
    }
}

/// Parameters of methods that take only an explanation.
package struct ExplanationReference: Codable, Sendable, Equatable {
    /// The explanation's handle.
    package var explanation: String

    package init(explanation: String) {
        self.explanation = explanation
    }
}

/// A grid.
package struct GridShape: Codable, Sendable, Equatable {
    /// Rows.
    package var rows: Int
    /// Columns.
    package var columns: Int

    package init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }
}

/// How far a refinement has come: the `value` of `$/progress`. A report replaces the one before; a slow reader misses
/// reports, never the reply.
package struct RefinementProgress: Codable, Sendable, Equatable {
    /// The first has `begin`; `report` brings an estimate; `end` comes last, unless the request is cancelled.
    package var kind: RefinementProgress.Kind
    /// Counts from 0; a gap means that reports were skipped.
    package var sequence: Int
    /// Image masks encoded so far.
    package var imageMasks: Int
    /// Text masks encoded so far.
    package var textMasks: Int
    /// Since the refinement began, in milliseconds.
    package var elapsedMilliseconds: Double
    /// Image masks at the end, if no rule ends it sooner.
    package var totalImageMasks: Int?
    /// Share of the variance over coalitions not seen that the values explain, estimated by leave-one-out; at most 1,
    /// and negative where the mean would do better. Absent where it is not known.
    package var looR2: Double?
    /// Largest standard error, in logits, of the first-order values and the strongest pairs; absent where standard
    /// errors were not computed.
    package var maxStandardError: Double?
    /// The estimate, when the request asked for `values`.
    package var values: Values?

    package init(
        kind: RefinementProgress.Kind, sequence: Int, imageMasks: Int, textMasks: Int, elapsedMilliseconds: Double,
        totalImageMasks: Int? = nil, looR2: Double? = nil, maxStandardError: Double? = nil, values: Values? = nil
    ) {
        self.kind = kind
        self.sequence = sequence
        self.imageMasks = imageMasks
        self.textMasks = textMasks
        self.elapsedMilliseconds = elapsedMilliseconds
        self.totalImageMasks = totalImageMasks
        self.looR2 = looR2
        self.maxStandardError = maxStandardError
        self.values = values
    }
}

extension RefinementProgress {
    /// The first has `begin`; `report` brings an estimate; `end` comes last, unless the request is cancelled.
    package enum Kind: String, Choice {
        case begin, report, end
    }
}
