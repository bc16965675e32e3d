import JSON

/// Reads the `model` of a `tokenizer.json`.
enum ModelReading {
    static func read(_ scanner: inout JSONScanner, file: String) throws(TokenizerError) -> any TokenModel {
        var settings: [String: JSONValue] = [:]
        var vocabularyStart: JSONScanner?
        var mergesStart: JSONScanner?
        try scanner.readObject { name, scanner throws(TokenizerError) in
            let name = String(decoding: name, as: UTF8.self)
            switch name {
            case "vocab":
                vocabularyStart = scanner
                _ = try scanner.skipValue()
            case "merges":
                mergesStart = scanner
                _ = try scanner.skipValue()
            default:
                settings[name] = try TokenizerFile.value(&scanner, "model.\(name)", file)
            }
        }
        guard var vocabularyStart else { throw .corrupt(file: file, place: "model.vocab", reason: "is missing") }
        // Old files have no type for BPE.
        let type = settings["type"]?.string ?? (mergesStart == nil ? "without a type" : "BPE")
        switch type {
        case "BPE":
            guard var mergesStart else { throw .corrupt(file: file, place: "model.merges", reason: "is missing") }
            return try bytePairEncoding(&vocabularyStart, &mergesStart, settings, file)
        case "Unigram":
            return try unigram(&vocabularyStart, settings, file)
        case "WordPiece":
            return try wordPiece(&vocabularyStart, settings, file)
        default:
            throw .unsupported(file: file, component: "the model type \"\(type)\"")
        }
    }

    private static func bytePairEncoding(
        _ vocabularyStart: inout JSONScanner, _ mergesStart: inout JSONScanner, _ settings: [String: JSONValue],
        _ file: String
    ) throws(TokenizerError) -> BytePairEncoding {
        let vocabulary = try VocabularyReading.vocabulary(&vocabularyStart, file: file)
        let merges = try VocabularyReading.merges(&mergesStart, vocabulary, file: file)
        if let dropout = settings["dropout"]?.double, dropout > 0 {
            throw .unsupported(file: file, component: "model.dropout, which makes tokens random,")
        }
        if let prefix = settings["continuing_subword_prefix"]?.string, !prefix.isEmpty {
            throw .unsupported(file: file, component: "model.continuing_subword_prefix \"\(prefix)\"")
        }
        var options = BytePairEncoding.Options()
        if let unknown = settings["unk_token"]?.string {
            guard let id = vocabulary.id(of: unknown) else {
                throw .unknownSpecialToken(file: file, role: "unknown", token: unknown)
            }
            options.unknownId = id
        }
        options.endOfWordSuffix = settings["end_of_word_suffix"]?.string ?? ""
        options.fusesUnknown = settings["fuse_unk"]?.bool ?? false
        options.fallsBackToBytes = settings["byte_fallback"]?.bool ?? false
        options.ignoresMerges = settings["ignore_merges"]?.bool ?? false
        return BytePairEncoding(vocabulary: vocabulary, merges: merges, options: options)
    }

    private static func wordPiece(
        _ vocabularyStart: inout JSONScanner, _ settings: [String: JSONValue], _ file: String
    ) throws(TokenizerError) -> WordPiece {
        let vocabulary = try VocabularyReading.vocabulary(&vocabularyStart, file: file)
        let unknown = settings["unk_token"]?.string ?? "[UNK]"
        guard let unknownId = vocabulary.id(of: unknown) else {
            throw .unknownSpecialToken(file: file, role: "unknown", token: unknown)
        }
        return WordPiece(
            vocabulary: vocabulary, unknownId: unknownId,
            continuation: settings["continuing_subword_prefix"]?.string ?? "##",
            longestWord: settings["max_input_chars_per_word"]?.int ?? 100)
    }

    private static func unigram(
        _ vocabularyStart: inout JSONScanner, _ settings: [String: JSONValue], _ file: String
    ) throws(TokenizerError) -> Unigram {
        let (vocabulary, scores) = try VocabularyReading.scoredVocabulary(&vocabularyStart, file: file)
        if vocabulary.longest > Unigram.longestToken {
            throw .corrupt(
                file: file, place: "model.vocab",
                reason: "has a token of \(vocabulary.longest) bytes, and at most \(Unigram.longestToken) are accepted")
        }
        var unknownId: Int?
        if let value = settings["unk_id"], !value.isNull {
            guard let id = value.int, scores.indices.contains(id) else {
                throw .corrupt(file: file, place: "model.unk_id", reason: "is not an id of the vocabulary")
            }
            unknownId = id
        }
        return Unigram(
            vocabulary: vocabulary, scores: scores, unknownId: unknownId,
            fallsBackToBytes: settings["byte_fallback"]?.bool ?? false)
    }
}
