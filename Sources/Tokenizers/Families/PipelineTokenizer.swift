/// A tokenizer made of the parts that a `tokenizer.json` names: added tokens, normalizer, pre-tokenizer, model,
/// post-processor.
struct PipelineTokenizer: TextTokenizer {
    let positions: Int
    let vocabularySize: Int
    let maxId: Int
    var modelName: String { model.name }

    private let verbatimTokens: AddedTokens
    private let normalizedTokens: AddedTokens
    private let normalizer: Normalizer?
    private let preTokenizer: PreTokenizer?
    private let model: any TokenModel
    private let special: SpecialTokens
    private let padding: Padding?
    private let players: PlayerRule
    private let cleaning: TextCleaning
    /// The empty text's, whose arrays all empty texts share.
    private var empty: Tokenization?

    /// - Throws: `tooFewPositions` where no token fits between the special ones.
    init(
        parts: TokenizerParts, positions: Int, special: SpecialTokens, padding: Padding?, players: PlayerRule,
        cleaning: TextCleaning
    ) throws(TokenizerError) {
        guard positions > special.count else {
            throw .tooFewPositions(positions: positions, specialTokens: special.count)
        }
        self.positions = positions
        self.special = special
        self.padding = padding
        self.players = players
        self.cleaning = cleaning
        normalizer = parts.normalizer
        preTokenizer = parts.preTokenizer
        model = parts.model
        verbatimTokens = AddedTokens(parts.addedTokens.filter { !$0.isNormalized })
        var normalizedTokens = AddedTokens()
        for token in parts.addedTokens where token.isNormalized {
            let content = AlignedText(Array(token.content.unicodeScalars)[...])
            let normalized = Checkpoint.uncancelled { checkpoint throws(CancellationError) in
                try parts.normalizer?.apply(to: content, checkpoint: checkpoint) ?? content
            }
            normalizedTokens.add(token, searchedAs: normalized.scalars)
        }
        self.normalizedTokens = normalizedTokens
        let vocabulary = parts.model.vocabulary
        vocabularySize =
            vocabulary.count + parts.addedTokens.count { vocabulary.id(of: $0.content) == nil }
        // The post-processor's ids count too: its file may name any.
        let otherIds = parts.addedTokens.map(\.id) + special.before.map(\.id) + special.after.map(\.id)
        maxId = otherIds.reduce(vocabulary.maxId) { max($0, $1) }
        empty = try tokenize("")
    }

    func tokenize(
        _ text: String, scalars: [Unicode.Scalar], checkpoint: Checkpoint
    ) throws(CancellationError) -> Tokenization {
        if text.isEmpty, let empty { return empty }
        var builder = SequenceBuilder(capacity: positions - special.count)
        let cleaned = try cleaning.apply(to: AlignedText(scalars[...]), checkpoint: checkpoint)
        for segment in verbatimTokens.segments(of: cleaned.scalars) {
            if let token = segment.token {
                builder.append(id: token.id, token: token.content, source: cleaned.source(of: segment.range))
            } else {
                try tokenize(cleaned[segment.range], into: &builder, checkpoint: checkpoint)
            }
            if builder.isOverfull { break }
        }
        return builder.finish(text: text, positions: positions, special: special, padding: padding, players: players)
    }

    /// Tokenizes a part of the text without verbatim added tokens, until the sequence is full.
    private func tokenize(
        _ part: AlignedText, into builder: inout SequenceBuilder, checkpoint: Checkpoint
    ) throws(CancellationError) {
        let text = try normalizer?.apply(to: part, checkpoint: checkpoint) ?? part
        if normalizedTokens.isEmpty {
            try tokenizePieces(of: text, into: &builder, checkpoint: checkpoint)
            return
        }
        for segment in normalizedTokens.segments(of: text.scalars) {
            if let token = segment.token {
                builder.append(id: token.id, token: token.content, source: text.source(of: segment.range))
            } else {
                try tokenizePieces(of: text[segment.range], into: &builder, checkpoint: checkpoint)
            }
            if builder.isOverfull { return }
        }
    }

    private func tokenizePieces(
        of text: AlignedText, into builder: inout SequenceBuilder, checkpoint: Checkpoint
    ) throws(CancellationError) {
        if text.isEmpty { return }
        let whole = PreTokenizedText(text: text, pieces: [0..<text.count])
        let split = try preTokenizer?.apply(to: whole, checkpoint: checkpoint) ?? whole
        for piece in split.pieces {
            let tokens = try model.tokens(
                of: split.text.scalars[piece], limit: builder.room, checkpoint: checkpoint)
            for token in tokens {
                let range = piece.lowerBound + token.range.lowerBound..<piece.lowerBound + token.range.upperBound
                builder.append(
                    id: token.id, token: model.vocabulary.token(token.id), source: split.text.source(of: range))
                if builder.isOverfull { return }
            }
        }
    }
}
