import Foundation
import Interactions
import Rendering
import Tokenizers
import VectorFiles

/// How an explanation is to be drawn.
struct DrawingRequest: Sendable {
    enum Format: Sendable { case svg, html, ansi, markdown, png, pdf }

    var format: Format
    var options: PictureOptions
    /// Whether the model is asked for its values of the parts that the drawing names.
    var asksModel = false
}

/// A drawing: text, or the bytes of a file.
enum DrawnPicture: Sendable {
    case text(String)
    case bytes([UInt8])
}

/// Draws the current estimates of explanations, with error bars, alone or beside another's.
struct Drawer: Sendable {
    let evaluator: Evaluator
    let solver: WorkThreads
    let threads: WorkThreads

    /// - Throws: `ParameterError` that names the option at fault.
    func draw(
        _ explanation: Explanation, comparedWith other: Explanation? = nil, _ request: DrawingRequest
    ) async throws -> DrawnPicture {
        guard let other else {
            guard explanation.isOfLogits else { return try await draw(try await match(of: explanation), request) }
            var picture = try await picture(of: explanation)
            if request.asksModel, request.options.view == .overview, !request.options.isCompact {
                picture.subsets = try await askedSubsets(of: picture, explanation)
            }
            return try await draw(picture, request)
        }
        guard explanation.isOfLogits, other.isOfLogits else {
            throw ParameterError(
                "compareWith", "goes with explanations of one image and captions, in logits; draw these apart")
        }
        let (a, b) = (try await picture(of: explanation), try await picture(of: other))
        return try await draw(PictureComparison(a, b), request)
    }

    /// Draws an estimate of nothing: a drawing that cannot be made is told before masks are encoded for it.
    /// - Throws: as ``draw(_:comparedWith:_:)`` would.
    func check(_ request: DrawingRequest, of explanation: Explanation) async throws {
        let trial = try await threads.run { _ -> any Drawable in
            let nothing = Picture.Estimate.nothing(of: explanation)
            return explanation.isOfLogits
                ? try Picture(explanation, nothing, history: []) : MatchPicture(explanation, nothing)
        }
        _ = try await draw(trial, request)
    }

    /// The parts that the picture names, with the model's values.
    private func askedSubsets(of picture: Picture, _ explanation: Explanation) async throws -> [Picture.Subset] {
        var subsets = try await threads.run { _ in picture.namedSubsets() }
        guard !subsets.isEmpty else { return [] }
        let asked = try await evaluator.values(of: subsets.map(\.players), explanation, choice: EstimateChoice())
        for (index, value) in asked.values.enumerated() { subsets[index].modelValue = value }
        return subsets
    }

    private func draw(_ drawable: any Drawable, _ request: DrawingRequest) async throws -> DrawnPicture {
        try await threads.run { turn in
            try turn.check()
            do {
                return try drawable.drawing(request, turn)
            } catch VectorFileError.cancelled {
                throw CancellationError()
            } catch let error as RenderError {
                throw ParameterError(error.parameter, "cannot be drawn: \(error)")
            } catch let error as VectorFileError {
                throw ParameterError("format", "cannot be drawn: \(error)")
            }
        }
    }

    private func match(of explanation: Explanation) async throws -> MatchPicture {
        let estimate = try await explanation.estimate(EstimateChoice(), standardErrors: true, on: solver)
        return try await threads.run { _ in MatchPicture(explanation, Picture.Estimate(estimate)) }
    }

    private func picture(of explanation: Explanation) async throws -> Picture {
        let estimate = try await explanation.estimate(EstimateChoice(), standardErrors: true, on: solver)
        let checkpoints = await explanation.history
        return try await threads.run { _ in try Picture(explanation, estimate, checkpoints) }
    }
}

extension RenderError {
    /// The parameter that a client would have to change.
    fileprivate var parameter: String {
        switch self {
        case .optionInvalid(let name, _, _): name
        case .playerOutOfRange, .notAToken, .notAPatch: "player"
        case .noPlayer, .noPairs, .viewNotComparable: "view"
        case .lengthMismatch, .imageSizeInvalid, .wordRangeInvalid: "explanation"
        }
    }
}

/// What can be drawn in every format: one explanation, or two side by side.
private protocol Drawable: Sendable {
    func svg(_ options: PictureOptions) throws(RenderError) -> String
    func html(_ options: PictureOptions) throws(RenderError) -> String
    func ansi(_ options: PictureOptions) throws(RenderError) -> String
    func markdown(_ options: PictureOptions) throws(RenderError) -> String
}

extension Picture: Drawable {}
extension PictureComparison: Drawable {}
extension MatchPicture: Drawable {}

extension Drawable {
    /// - Throws: `RenderError`, `VectorFileError`.
    fileprivate func drawing(_ request: DrawingRequest, _ turn: WorkTurn) throws -> DrawnPicture {
        switch request.format {
        case .svg: .text(try svg(request.options))
        case .html: .text(try html(request.options))
        case .ansi: .text(try ansi(request.options))
        case .markdown: .text(try markdown(request.options))
        case .png: .bytes(try VectorFile.make(.png, of: try svg(request.options), isCancelled: turn.isCancelled))
        case .pdf: .bytes(try VectorFile.make(.pdf, of: try svg(request.options), isCancelled: turn.isCancelled))
        }
    }
}

extension Picture {
    /// What a drawing of an explanation's estimate needs.
    /// - Throws: `ParameterError` where it is of no image.
    init(
        _ explanation: Explanation, _ estimate: InteractionValues, _ checkpoints: [Explanation.Checkpoint]
    ) throws(ParameterError) {
        let leading = estimate.leadingPlayers(5)
        try self.init(
            explanation, Estimate(estimate),
            history: checkpoints.map { checkpoint in
                Round(
                    imageMasks: checkpoint.imageMasks, looR2: checkpoint.looR2,
                    leading: leading.map { Leading(players: [$0], value: checkpoint.reading[$0]) })
            })
    }

    init(_ explanation: Explanation, _ estimate: Estimate, history: [Round]) throws(ParameterError) {
        guard let explained = explanation.inputs[0].image, explanation.images.count == 1 else {
            throw ParameterError("explanation", "is not of one image and captions")
        }
        let image = explained.picture
        let ends = explanation.ends
        let model = explanation.model.loaded
        let shape = explained.shape(patchSize: model.patchSize)
        let caption = JoinedCaptions(explanation)
        self.init(
            model: explanation.model.id, title: image.name,
            image: SourceImage(image),
            caption: caption.text,
            patches: Patches(shape), words: caption.words.map { Word($0) },
            similarity: Similarity(
                emptyValue: ends.empty, fullValue: ends.full, cosine: ends.cosine,
                probability: model.family.probability == .sigmoid && explanation.target == nil
                    ? 1 / (1 + exp(-ends.full)) : nil),
            estimate: estimate, history: history, isTruncated: explanation.isTruncated,
            textKind: .init(explanation.texts.first?.grouping ?? .words))
    }
}

extension Picture.TextKind {
    fileprivate init(_ grouping: PlayerGrouping) {
        switch grouping {
        case .words: self = .words
        case .tokens: self = .tokens
        case .spans: self = .phrases
        }
    }
}

extension Explanation {
    /// Whether its values are logits of one image and texts.
    fileprivate nonisolated var isOfLogits: Bool {
        scale.unit == .logits && images.count == 1 && inputs[0].image != nil
    }
}

/// The texts of one side as one caption, with the players of all of them: `a dog rather than a cat`, `a dog / a cat`.
struct JoinedCaptions {
    let text: String
    let words: [CaptionPlayer]

    /// Those of the second side.
    init(_ explanation: Explanation) {
        let texts = explanation.inputs.dropFirst().compactMap(\.text)
        guard !texts.isEmpty else {
            self.init(text: explanation.caption, words: [])
            return
        }
        // A target of two texts is named by them.
        let contrast = " rather than "
        let isContrast = texts.count == 2 && explanation.caption == texts.map(\.caption).joined(separator: contrast)
        self.init(texts, separator: isContrast ? contrast : " / ")
    }

    private init(text: String, words: [CaptionPlayer]) { (self.text, self.words) = (text, words) }

    init(_ texts: [ExplainedText], separator: String = " / ") {
        var scalars = 0
        var words: [CaptionPlayer] = []
        for caption in texts {
            words += caption.words.map {
                CaptionPlayer(
                    text: $0.text, range: $0.range.lowerBound + scalars..<$0.range.upperBound + scalars)
            }
            scalars += caption.caption.unicodeScalars.count + separator.unicodeScalars.count
        }
        self.init(text: texts.map(\.caption).joined(separator: separator), words: words)
    }
}

extension MatchPicture {
    fileprivate init(_ explanation: Explanation, _ estimate: Picture.Estimate) {
        let first = explanation.inputs[0]
        let others = Array(explanation.inputs.dropFirst())
        let size = explanation.model.loaded.patchSize
        let second: Side =
            switch others.first?.content {
            case .image(let image)?: Side(image, patchSize: size)
            case .text?: Side(JoinedCaptions(explanation))
            case nil: .vector(explanation.caption)
            }
        self.init(
            model: explanation.model.id,
            first: first.image.map { Side($0, patchSize: size) }
                ?? Side(JoinedCaptions(Array(explanation.texts.prefix(1)))),
            second: second, unit: explanation.scale.unit == .logits ? "logits" : "cosine",
            emptyValue: explanation.ends.empty, fullValue: explanation.ends.full,
            centeredValue: explanation.ends.centered, estimate: estimate)
    }
}

extension MatchPicture.Side {
    fileprivate init(_ image: ExplainedImage, patchSize: Int) {
        self = .image(
            title: image.picture.name, Picture.SourceImage(image.picture),
            Picture.Patches(image.shape(patchSize: patchSize)))
    }

    fileprivate init(_ captions: JoinedCaptions) {
        self = .text(captions.text, captions.words.map { Picture.Word($0) })
    }
}

extension Picture.SourceImage {
    fileprivate init(_ image: KeptPicture) {
        self.init(
            width: image.width, height: image.height,
            encoded: image.file.map { Picture.EncodedImage(bytes: $0.bytes, mimeType: $0.mimeType) },
            cells: image.cells)
    }
}

extension Picture.Patches {
    fileprivate init(_ shape: PlayerShape) {
        self.init(
            rows: shape.rows, columns: shape.columns,
            boxes: shape.boxes.map { Picture.Box(x0: $0[0], y0: $0[1], x1: $0[2], y1: $0[3]) })
    }
}

extension Picture.Word {
    fileprivate init(_ player: CaptionPlayer) {
        self.init(token: player.text, start: player.range.lowerBound, end: player.range.upperBound)
    }
}

extension Picture.Estimate {
    fileprivate init(_ estimate: InteractionValues) {
        self.init(
            index: .init(estimate.index), p: estimate.p, order: estimate.order,
            estimator: .init(estimate.estimator), first: estimate.first,
            firstOrderReading: estimate.firstOrderReading, pairs: estimate.order == 2 ? estimate.pairs : nil,
            firstErrors: estimate.standardErrors?.first,
            readingErrors: estimate.standardErrors?.firstOrderReading,
            pairErrors: estimate.order == 2 ? estimate.standardErrors?.pairs : nil, looR2: estimate.looR2,
            imageMasks: estimate.imageMasks, textMasks: estimate.textMasks, isJointlySampled: estimate.isJointlySampled,
            baseline: estimate.baseline)
    }

    /// Zero for every player and pair of an explanation.
    static func nothing(of explanation: Explanation) -> Picture.Estimate {
        let settings = explanation.settings
        let players = explanation.players
        let zeros = [Double](repeating: 0, count: players)
        return Picture.Estimate(
            index: .init(settings.index), p: settings.p, order: settings.order,
            estimator: .init(settings.estimator),
            first: zeros, firstOrderReading: zeros,
            pairs: settings.order == 2 ? [Double](repeating: 0, count: players * (players - 1) / 2) : nil,
            firstErrors: nil, readingErrors: nil, pairErrors: nil, looR2: nil, imageMasks: 0, textMasks: 0,
            isJointlySampled: settings.sampling == .joint)
    }
}

extension InteractionValues {
    /// The players of largest first-order reading, by magnitude.
    fileprivate func leadingPlayers(_ count: Int) -> [Int] {
        let reading = firstOrderReading
        return Array(reading.indices.sorted { abs(reading[$0]) > abs(reading[$1]) }.prefix(count))
    }
}

extension Picture.Index {
    fileprivate init(_ index: InteractionIndex) {
        switch index {
        case .banzhaf: self = .banzhaf
        case .shapley: self = .shapley
        }
    }
}

extension Picture.Method {
    fileprivate init(_ estimator: Estimator) {
        switch estimator {
        case .ridge: self = .ridge
        case .leastSquares: self = .leastSquares
        }
    }
}
