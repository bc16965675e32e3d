/// The tokenizers of SigLIP (unigram) and SigLIP2 (Gemma's BPE).
enum SigLIPTokenizer {
    static func load(
        folder: String, config: TokenizerConfig, positions: Int, cleaning: TextCleaning,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(TokenizerError) -> any TextTokenizer {
        let file = folder + "/tokenizer.json"
        let model = folder + "/spiece.model"
        let isGemma = ["GemmaTokenizer", "Siglip2Tokenizer"].contains(config.tokenizerClass ?? "")
        if !isGemma, TokenizerLoader.exists(model) {
            return try SentencePieceTokenizer(
                file: model, config: config, positions: positions, cleaning: cleaning, isCancelled: isCancelled)
        }
        guard TokenizerLoader.exists(file) else {
            throw .noTokenizer(
                folder: folder, expected: isGemma ? ["tokenizer.json"] : ["spiece.model", "tokenizer.json"])
        }
        var parts = try TokenizerFile.read(file, isCancelled: isCancelled)
        let isUnigram = parts.model is Unigram
        if isUnigram {
            let steps = canonicalization(whitespace: ScalarClass(items: [.whitespace]))
            parts.normalizer = .sequence(steps + [parts.normalizer].compactMap { $0 })
        }
        if config.lowercases { parts.normalizer = .sequence([.lowercase] + [parts.normalizer].compactMap { $0 }) }
        return isUnigram
            ? try unigram(parts, file: file, config: config, positions: positions, cleaning: cleaning)
            : try bytePairEncoding(parts, file: file, config: config, positions: positions, cleaning: cleaning)
    }

    /// SigLIP's: punctuation deleted, the end token also the padding.
    private static func unigram(
        _ parts: TokenizerParts, file: String, config: TokenizerConfig, positions: Int, cleaning: TextCleaning
    ) throws(TokenizerError) -> PipelineTokenizer {
        let end = try parts.named(config.token("eos_token") ?? "</s>", role: "end", file: file)
        let pad = try parts.named(config.token("pad_token") ?? "</s>", role: "padding", file: file)
        return try PipelineTokenizer(
            parts: parts, positions: positions, special: parts.special ?? SpecialTokens(after: [end]),
            padding: Padding(token: pad, side: try config.paddingSide()), players: .idsOther(than: [pad.id]),
            cleaning: cleaning)
    }

    /// SigLIP2's: lower case, the end token appended, padding of its own.
    private static func bytePairEncoding(
        _ parts: TokenizerParts, file: String, config: TokenizerConfig, positions: Int, cleaning: TextCleaning
    ) throws(TokenizerError) -> PipelineTokenizer {
        let end = try parts.named(config.token("eos_token") ?? "<eos>", role: "end", file: file)
        let pad = try parts.named(
            config.token("pad_token") ?? parts.paddingToken ?? "<pad>", role: "padding", file: file)
        var special = parts.special ?? SpecialTokens(after: [end])
        if let adds = config.addsEnd { special.after = adds ? [end] : [] }
        if let adds = config.addsBeginning {
            let beginning = config.token("bos_token") ?? "<bos>"
            special.before = adds ? [try parts.named(beginning, role: "beginning", file: file)] : []
        }
        return try PipelineTokenizer(
            parts: parts, positions: positions, special: special,
            padding: Padding(token: pad, side: try config.paddingSide()),
            players: .idsOther(than: Set([pad.id, end.id] + special.before.map(\.id))), cleaning: cleaning)
    }

    /// ASCII punctuation deleted, whitespace runs to one space, none at the ends; the lower case comes before.
    static func canonicalization(whitespace: ScalarClass) -> [Normalizer] {
        [
            .replace(.repeated(.asciiPunctuation, 1...Int.max), with: []),
            .replace(.repeated(whitespace, 1...Int.max), with: [" "]),
            .strip(left: true, right: true),
        ]
    }
}
