/// SigLIP's tokenizer on a SentencePiece model, token for token what `SiglipTokenizer` of Hugging Face `transformers`
/// gives: special tokens in the text are kept, the rest is lower-cased, loses its ASCII punctuation and superfluous
/// whitespace, and is encoded.
struct SentencePieceTokenizer: TextTokenizer {
    let positions: Int
    let vocabularySize: Int
    let maxId: Int
    var modelName: String { "unigram" }

    private let model: SentencePieceModel
    private let addedTokens: AddedTokens
    private let end: NamedToken
    private let padding: Padding
    private let lowercases: Bool
    private let cleaning: TextCleaning
    /// Put before each text that is encoded, so that the model does not take its beginning for that of a text.
    private let leader: [UInt8]
    /// How many pieces the leader gives.
    private let leaderCount: Int
    /// The empty text's, whose arrays all empty texts share.
    private var empty: Tokenization?

    init(
        file: String, config: TokenizerConfig, positions: Int, cleaning: TextCleaning,
        isCancelled: () -> Bool
    ) throws(TokenizerError) {
        guard positions > 1 else { throw .tooFewPositions(positions: positions, specialTokens: 1) }
        let model = try SentencePieceModel(
            try VocabularyReading.contents(of: file), file: file, isCancelled: isCancelled)
        var added = try config.addedTokens()
        for index in added.indices { added[index].id = model.id(of: added[index].content) ?? added[index].id }

        func named(_ key: String, _ role: String, default spelling: String) throws(TokenizerError) -> NamedToken {
            let token = config.token(key) ?? spelling
            guard let id = model.id(of: token) ?? added.first(where: { $0.content.utf8.elementsEqual(token.utf8) })?.id
            else {
                throw .unknownSpecialToken(file: file, role: role, token: token)
            }
            if !added.contains(where: { $0.content.utf8.elementsEqual(token.utf8) }) {
                added.append(AddedTokens.Token(id: id, content: token))
            }
            return NamedToken(id: id, token: token)
        }
        let unknown = try named("unk_token", "unknown", default: "<unk>")
        end = try named("eos_token", "end", default: "</s>")
        let pad = try named("pad_token", "padding", default: "</s>")
        padding = Padding(token: pad, side: try config.paddingSide())

        self.positions = positions
        self.model = model
        vocabularySize = model.count + added.count { model.id(of: $0.content) == nil }
        maxId = added.reduce(model.count - 1) { max($0, $1.id) }
        addedTokens = AddedTokens(added)
        lowercases = config.lowercases
        self.cleaning = cleaning
        leader = Array(unknown.token.utf8)
        leaderCount = model.encode(leader).count
        empty = try tokenize("")
    }

    func tokenize(
        _ text: String, scalars: [Unicode.Scalar], checkpoint: Checkpoint
    ) throws(CancellationError) -> Tokenization {
        if text.isEmpty, let empty { return empty }
        var whole = try cleaning.apply(to: AlignedText(scalars[...]), checkpoint: checkpoint)
        whole = try Normalizer.replace(.literal([Self.underline]), with: [" "]).apply(to: whole, checkpoint: checkpoint)
        whole.prepend([Self.underline])

        var builder = SequenceBuilder(capacity: positions - 1)
        for segment in addedTokens.segments(of: whole.scalars) {
            if let token = segment.token {
                builder.append(id: token.id, token: token.content, source: whole.source(of: segment.range))
            } else {
                let part = try canonical(whole[segment.range], checkpoint: checkpoint)
                try encode(part, into: &builder, checkpoint: checkpoint)
            }
            if builder.isOverfull { break }
        }
        // A text that says its own end gets no second one.
        let special = builder.lastId == end.id ? SpecialTokens() : SpecialTokens(after: [end])
        return builder.finish(
            text: text, positions: positions, special: special, padding: padding,
            players: .idsOther(than: [padding.token.id]))
    }

    private func encode(
        _ text: AlignedText, into builder: inout SequenceBuilder, checkpoint: Checkpoint
    ) throws(CancellationError) {
        /// Places are of the bytes after the leader.
        let (own, scalarAt) = text.scalars.utf8WithPlaces
        let bytes = leader + own

        let pieces = try model.encode(bytes, limit: leaderCount + builder.room, checkpoint: checkpoint)
        for piece in pieces.dropFirst(pieces.count >= leaderCount ? leaderCount : 0) {
            let start = scalarAt[max(0, piece.bytes.lowerBound - leader.count)]
            var end = scalarAt[max(0, piece.bytes.upperBound - leader.count)]
            // The library gives a character that becomes several pieces to the last of them; it belongs to all.
            if end == start, end < text.count, !piece.piece.utf8.elementsEqual(Self.underline.utf8Bytes) { end += 1 }
            builder.append(id: piece.id, token: piece.piece, source: Self.source(of: start..<end, in: text))
            if builder.isOverfull { return }
        }
    }

    private static func source(of range: Range<Int>, in text: AlignedText) -> Range<Int> {
        if !range.isEmpty { return text.source(of: range) }
        if range.lowerBound < text.count {
            let start = Int(text.sources[range.lowerBound].lowerBound)
            return start..<start
        }
        let end = Int(text.sources.last?.upperBound ?? 0)
        return end..<end
    }

    private func canonical(_ text: AlignedText, checkpoint: Checkpoint) throws(CancellationError) -> AlignedText {
        let lower = lowercases ? try PythonText.lowercased(text, checkpoint: checkpoint) : text
        let steps = SigLIPTokenizer.canonicalization(whitespace: PythonText.whitespace)
        return try Normalizer.sequence(steps).apply(to: lower, checkpoint: checkpoint)
    }

    private static let underline: Unicode.Scalar = "\u{2581}"
}
