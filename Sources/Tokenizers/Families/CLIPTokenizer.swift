/// CLIP's tokenizer: NFC, whitespace runs to one space, lower case, words, byte-level BPE with `</w>`, between the
/// beginning and end tokens.
///
/// Like the fast tokenizer of Hugging Face it leaves HTML entities and curly quotes as they are. open_clip's code, as
/// OpenAI's, repairs them first; then it does nothing else to the text, and takes special tokens in it for plain text.
enum CLIPTokenizer {
    static func load(
        folder: String, config: TokenizerConfig, positions: Int, padding: TextPadding, cleaning: TextCleaning,
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(TokenizerError) -> PipelineTokenizer {
        let beginning = config.token("bos_token") ?? "<|startoftext|>"
        let end = config.token("eos_token") ?? "<|endoftext|>"
        let file = folder + "/tokenizer.json"
        var parts: TokenizerParts
        if TokenizerLoader.exists(file) {
            parts = try TokenizerFile.read(file, isCancelled: isCancelled)
        } else {
            guard TokenizerLoader.exists(folder + "/vocab.json"), TokenizerLoader.exists(folder + "/merges.txt") else {
                throw .noTokenizer(folder: folder, expected: ["tokenizer.json", "vocab.json with merges.txt"])
            }
            parts = try Self.parts(
                folder: folder, specialTokens: [beginning, end], unknown: config.token("unk_token") ?? end,
                isCancelled: isCancelled)
        }
        var special = parts.special
        if special == nil {
            special = SpecialTokens(
                before: [try parts.named(beginning, role: "beginning", file: config.file)],
                after: [try parts.named(end, role: "end", file: config.file)])
        }
        guard let special, let last = special.after.last else {
            throw .corrupt(
                file: file, place: "post_processor", reason: "adds no end token, where a CLIP text is pooled")
        }
        if cleaning != .none {
            parts.normalizer = nil
            parts.addedTokens = []
        }
        let zero = NamedToken(id: 0, token: parts.model.vocabulary.token(0))
        return try PipelineTokenizer(
            parts: parts, positions: positions, special: special,
            padding: padding == .none ? nil : Padding(token: zero, side: .right),
            players: .betweenSpecialTokens(end: last.id), cleaning: cleaning)
    }

    /// The parts that `tokenizer.json` would name, from the files that OpenAI's tokenizer is kept in.
    private static func parts(
        folder: String, specialTokens: Set<String>, unknown: String, isCancelled: @escaping @Sendable () -> Bool
    ) throws(TokenizerError) -> TokenizerParts {
        let file = folder + "/vocab.json"
        var scanner = JSONScanner(
            try VocabularyReading.contents(of: file), file: file, isCancelled: isCancelled)
        let vocabulary = try VocabularyReading.vocabulary(&scanner, file: file)
        try scanner.expectEnd()
        let merges = try VocabularyReading.merges(file: folder + "/merges.txt", vocabulary)
        var added: [AddedTokens.Token] = []
        for token in specialTokens.sorted() {
            guard let id = vocabulary.id(of: token) else {
                throw .unknownSpecialToken(file: file, role: "special", token: token)
            }
            added.append(AddedTokens.Token(id: id, content: token))
        }
        var options = BytePairEncoding.Options()
        options.endOfWordSuffix = "</w>"
        options.unknownId = vocabulary.id(of: unknown)
        return TokenizerParts(
            addedTokens: added,
            normalizer: .sequence([
                .unicode(.nfc),
                .replace(.repeated(ScalarClass(items: [.whitespace]), 1...Int.max), with: [" "]),
                .lowercase,
            ]),
            preTokenizer: .sequence([
                .split(.words(.clip), .removed, invert: true), .byteLevel(addPrefixSpace: false, splitWords: true),
            ]),
            model: BytePairEncoding(vocabulary: vocabulary, merges: merges, options: options))
    }
}
