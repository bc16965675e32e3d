/// The tokenizers of text towers of BERT's and XLM-R's kinds. Texts are not padded: such towers mask padding anyway.
enum BERTTokenizer {
    /// WordPiece: `tokenizer.json`, else `vocab.txt`.
    static func load(
        folder: String, config: TokenizerConfig, positions: Int, padding: TextPadding, cleaning: TextCleaning,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(TokenizerError) -> PipelineTokenizer {
        let file = folder + "/tokenizer.json"
        var parts: TokenizerParts
        if TokenizerLoader.exists(file) {
            parts = try TokenizerFile.read(file, isCancelled: isCancelled)
            if case .bert(let cleaner)? = parts.normalizer {
                parts.normalizer = .bert(cleaner.changed(by: config))
            }
        } else {
            guard TokenizerLoader.exists(folder + "/vocab.txt") else {
                throw .noTokenizer(folder: folder, expected: ["tokenizer.json", "vocab.txt"])
            }
            parts = try Self.parts(vocabularyFile: folder + "/vocab.txt", config: config)
        }
        return try tokenizer(
            parts, file: file, config: config, positions: positions, beginning: ("cls_token", "[CLS]"),
            end: ("sep_token", "[SEP]"), padding: padding, cleaning: cleaning)
    }

    /// Unigram between `<s>` and `</s>`: `tokenizer.json`.
    static func loadXLMR(
        folder: String, config: TokenizerConfig, positions: Int, cleaning: TextCleaning,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(TokenizerError) -> PipelineTokenizer {
        let file = folder + "/tokenizer.json"
        guard TokenizerLoader.exists(file) else {
            throw .noTokenizer(folder: folder, expected: ["tokenizer.json"])
        }
        return try tokenizer(
            try TokenizerFile.read(file, isCancelled: isCancelled), file: file, config: config, positions: positions,
            beginning: ("bos_token", "<s>"), end: ("eos_token", "</s>"), cleaning: cleaning)
    }

    private static func tokenizer(
        _ parts: TokenizerParts, file: String, config: TokenizerConfig, positions: Int,
        beginning: (key: String, spelling: String), end: (key: String, spelling: String), padding: TextPadding = .none,
        cleaning: TextCleaning
    ) throws(TokenizerError) -> PipelineTokenizer {
        var special = parts.special
        if special == nil {
            let first = config.token(beginning.key) ?? beginning.spelling
            let last = config.token(end.key) ?? end.spelling
            special = SpecialTokens(
                before: [try parts.named(first, role: "beginning", file: file)],
                after: [try parts.named(last, role: "end", file: file)])
        }
        var ids = (special?.before ?? []) + (special?.after ?? [])
        var filling: Padding?
        if padding != .none {
            let pad = try parts.named(config.token("pad_token") ?? "[PAD]", role: "padding", file: file)
            ids.append(pad)
            filling = Padding(token: pad, side: .right)
            if padding == .insteadOfEnd { special?.after = [pad] }
        }
        return try PipelineTokenizer(
            parts: parts, positions: positions, special: special ?? SpecialTokens(), padding: filling,
            players: .idsOther(than: Set(ids.map(\.id))), cleaning: cleaning)
    }

    /// The parts that `tokenizer.json` would name, from a vocabulary with a token per line.
    private static func parts(
        vocabularyFile file: String, config: TokenizerConfig
    ) throws(TokenizerError) -> TokenizerParts {
        let vocabulary = try VocabularyReading.lines(file)
        let unknown = config.token("unk_token") ?? "[UNK]"
        guard let unknownId = vocabulary.id(of: unknown) else {
            throw .unknownSpecialToken(file: file, role: "unknown", token: unknown)
        }
        let special = [
            unknown, config.token("cls_token") ?? "[CLS]", config.token("sep_token") ?? "[SEP]",
            config.token("pad_token") ?? "[PAD]", config.token("mask_token") ?? "[MASK]",
        ]
        return TokenizerParts(
            addedTokens: special.compactMap { token in
                vocabulary.id(of: token).map { AddedTokens.Token(id: $0, content: token) }
            },
            normalizer: .bert(BERTCleaner(lowercases: true).changed(by: config)), preTokenizer: .bert,
            model: WordPiece(vocabulary: vocabulary, unknownId: unknownId))
    }
}
