import Captions
import FIxLIPProtocol
import Foundation
import Images
import JSONRPC
import Synchronization

/// An image in one state of its file.
package struct ImageKey: Sendable, Hashable {
    package let image: String
    package let file: FileIdentity?

    package init(_ image: String, _ facts: ImageFacts) {
        self.image = image
        file = facts.file
    }

    /// Names are told apart by their bytes.
    package static func == (a: ImageKey, b: ImageKey) -> Bool {
        a.file == b.file && a.image.utf8.elementsEqual(b.image.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in image.utf8 { hasher.combine(byte) }
        hasher.combine(file)
    }
}

/// Asks the daemon about captions and keeps what it said, so that after a change only what changed is asked again.
package final class Analyst: Sendable {
    private struct TextKey: Hashable {
        let bytes: [UInt8]
        init(_ text: String) { bytes = Array(text.utf8) }
    }

    private struct PairKey: Hashable {
        let image: ImageKey
        let text: TextKey
    }

    private struct TextFacts {
        var embedding: [Float]
        var readUpTo: Int?
    }

    private struct State {
        var images: [ImageKey: [Float]] = [:]
        /// Images that the daemon refuses.
        var refused: Set<ImageKey> = []
        var texts: [TextKey: TextFacts] = [:]
        var words: [PairKey: WordWeights] = [:]
        var neutral: NeutralScores?
    }

    private let link: DaemonLink
    package let model: String?
    private let state = Mutex(State())
    /// How many embeddings and explanations are kept; when there are more, all are forgotten.
    private static let capacity = 8_192
    private static let piece = 64

    package init(link: DaemonLink, model: String?) {
        self.link = link
        self.model = model
    }

    /// What is known already of a document's captions, without asking.
    package func known(_ captions: [DocumentCaption], images: [ImageFacts]) -> DocumentEvidence {
        state.withLock { Self.evidence(captions, images, $0) }
    }

    /// Embeddings, tokens and scores of a document's captions.
    /// - Throws: ``ModelFailure``, `CancellationError`, `RPCError`.
    package func look(
        _ captions: [DocumentCaption], images: [ImageFacts], onPiece: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws {
        try await prepare()
        let pairs = Self.pairs(captions, images)
        let (newImages, newTexts) = state.withLock { state in
            if state.images.count + state.texts.count > Self.capacity { (state.images, state.texts) = ([:], [:]) }
            var images: [ImageKey] = []
            var texts: [String] = []
            var seenImages: Set<ImageKey> = state.refused
            var seenTexts: Set<TextKey> = []
            for pair in pairs {
                if state.images[pair.key] == nil, seenImages.insert(pair.key).inserted { images.append(pair.key) }
                let key = TextKey(pair.caption)
                if state.texts[key] == nil, seenTexts.insert(key).inserted { texts.append(pair.caption) }
            }
            return (images, texts)
        }
        let total = newImages.count + newTexts.count
        var done = 0
        for start in stride(from: 0, to: newTexts.count, by: Self.piece) {
            let piece = Array(newTexts[start..<min(start + Self.piece, newTexts.count)])
            let facts = try await textFacts(piece)
            state.withLock { state in for (text, fact) in zip(piece, facts) { state.texts[TextKey(text)] = fact } }
            done += piece.count
            onPiece(done, total)
        }
        for start in stride(from: 0, to: newImages.count, by: Self.piece / 8) {
            let piece = Array(newImages[start..<min(start + Self.piece / 8, newImages.count)])
            let embeddings = try await embed(images: piece.map { ImageInput(.text($0.image)) })
            state.withLock { state in
                for (key, embedding) in zip(piece, embeddings) {
                    if let embedding { state.images[key] = embedding } else { state.refused.insert(key) }
                }
            }
            done += piece.count
            onPiece(done, total)
        }
    }

    /// Explains one caption, if that was not done yet with as many masks.
    /// - Returns: whether anything new is known.
    /// - Throws: as `look`.
    package func explain(
        _ caption: DocumentCaption, image: ImageFacts, budget: Int, on lane: DaemonLink.Lane = .background
    ) async throws -> Bool {
        let key = ImageKey(caption.image, image)
        let pair = PairKey(image: key, text: TextKey(caption.caption))
        let isKnown = state.withLock { state in
            state.refused.contains(key) || (state.words[pair]?.imageMasks ?? 0) >= budget
        }
        guard !isKnown else { return false }
        let parameters = Self.parameters(
            image: caption.image, text: caption.caption, model: model, budget: budget)
        let result: Explain.Result
        do {
            result = try await link.call(Explain.self, parameters, on: lane)
        } catch let error as RPCError where error.code != RPCError.Code.overloaded {
            // The image was replaced meanwhile, or the caption has no words: nothing to say of it.
            return false
        }
        let words = Self.words(of: result, caption: caption.caption, budget: budget)
        state.withLock { state in
            if state.words.count > Self.capacity { state.words = [:] }
            state.words[pair] = words
        }
        return true
    }

    /// The parameters by which captions are explained here: whole words, standard errors, no pairs.
    package static func parameters(image: String, text: String, model: String?, budget: Int) -> Explain.Parameters {
        Explain.Parameters(
            open: ExplanationOpen.Parameters(
                model: model, image: ImageInput(.text(image)), text: text, players: PlayersChoice(text: .words)),
            rules: RefinementRules(budget: Budget(imageMasks: budget)),
            layout: EstimateLayout(pairs: PairSelection.none, standardErrors: true))
    }

    private func prepare() async throws {
        guard state.withLock({ $0.neutral == nil }) else { return }
        let facts = try await link.call(ModelsLoad.self, .init(model: model), on: .quick)
        let captions = try await textFacts(NeutralSet.captions).map(\.embedding)
        let images = try await embed(images: NeutralSet.images).compactMap { $0 }
        let neutral = NeutralScores(
            captions: captions, images: images, scale: facts.logitScale, bias: facts.logitBias)
        state.withLock { $0.neutral = neutral }
    }

    private func embed(images: [ImageInput]) async throws -> [[Float]?] {
        let result = try await link.call(
            EmbedImage.self, .init(model: model, images: images, encoding: .base64, onError: .item), on: .quick)
        return result.embeddings.map { $0?.floats }
    }

    private func textFacts(_ texts: [String]) async throws -> [TextFacts] {
        let embedded = try await link.call(
            EmbedText.self, .init(model: model, texts: texts, encoding: .base64, onError: .item), on: .quick)
        let cut = embedded.truncated ?? []
        var ends: [Int: Int] = [:]
        if !cut.isEmpty {
            let tokens = try await link.call(
                Tokenize.self, .init(model: model, texts: cut.map { texts[$0] }), on: .quick)
            for (index, text) in zip(cut, tokens.texts) { ends[index] = text.players.map(\.end).max() ?? 0 }
        }
        return embedded.embeddings.enumerated().map { index, embedding in
            TextFacts(embedding: embedding?.floats ?? [], readUpTo: ends[index])
        }
    }
}

// MARK: From what is known to evidence

extension Analyst {
    private struct Pair {
        var index: Int
        var key: ImageKey
        var caption: String
    }

    /// The captions that a model can be asked about.
    private static func pairs(_ captions: [DocumentCaption], _ images: [ImageFacts]) -> [Pair] {
        captions.indices.compactMap { index in
            guard captions[index].absence == nil, images[index].state == .readable else { return nil }
            return Pair(
                index: index, key: ImageKey(captions[index].image, images[index]), caption: captions[index].caption)
        }
    }

    /// Documents with more images are not compared image by image: the table has a row a caption.
    private static let mostColumns = 256

    private static func evidence(
        _ captions: [DocumentCaption], _ images: [ImageFacts], _ state: State
    ) -> DocumentEvidence {
        var result = DocumentEvidence()
        guard let neutral = state.neutral else { return result }
        result.scale = Double(neutral.scale)
        var columns: [ImageKey: Int] = [:]
        var vectors: [(vector: [Float], level: Float)] = []
        let pairs = pairs(captions, images)
        for pair in pairs where columns[pair.key] == nil && vectors.count < mostColumns {
            guard let vector = state.images[pair.key] else { continue }
            columns[pair.key] = vectors.count
            vectors.append((vector, neutral.level(ofImage: vector)))
            result.columns.append(pair.index)
        }
        for pair in pairs {
            guard let text = state.texts[TextKey(pair.caption)] else { continue }
            var known = CaptionEvidence()
            known.readUpTo = text.readUpTo
            if let image = state.images[pair.key], !text.embedding.isEmpty {
                known.cosine = Double(dot(image, text.embedding))
                known.logit = Double(neutral.logit(image, text.embedding))
                known.standing = neutral.standing(image, text.embedding)
                known.column = columns[pair.key]
                result.matches[pair.index] = vectors.map { neutral.logit($0.vector, text.embedding) - $0.level }
            }
            known.words = state.words[PairKey(image: pair.key, text: TextKey(pair.caption))]
            result.captions[pair.index] = known
        }
        return result
    }

    private static func words(of result: Explain.Result, caption: String, budget: Int) -> WordWeights {
        let first = result.players.image?.count ?? 0
        let values = result.values.firstOrderReading.floats
        let errors = result.values.standardErrors?.firstOrderReading.floats ?? []
        let scalars = Array(caption.unicodeScalars)
        let words = result.players.text.enumerated().compactMap { index, player -> WordWeights.Word? in
            guard values.indices.contains(first + index) else { return nil }
            let (start, end) = (max(0, player.start), min(scalars.count, player.end))
            var text = String.UnicodeScalarView()
            if start < end { text.append(contentsOf: scalars[start..<end]) }
            return WordWeights.Word(
                text: String(text), start: start, end: max(start, end), value: Double(values[first + index]),
                standardError: errors.indices.contains(first + index) ? Double(errors[first + index]) : 0)
        }
        // With few patches there are fewer masks than were asked for, and then all of them are known.
        return WordWeights(
            words: words, emptyValue: result.emptyValue, fullValue: result.fullValue, cosine: result.cosine,
            imageMasks: max(budget, result.imageMasks))
    }
}

extension EncodedFloats {
    /// The numbers; none where base64 cannot be read.
    package var floats: [Float] { decoded ?? [] }
}
