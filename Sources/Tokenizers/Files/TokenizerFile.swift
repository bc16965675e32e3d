import JSON

/// The parts of a tokenizer, as a `tokenizer.json` or a pair of `vocab.json` and `merges.txt` gives them.
struct TokenizerParts: Sendable {
    var addedTokens: [AddedTokens.Token]
    var normalizer: Normalizer?
    var preTokenizer: PreTokenizer?
    var model: any TokenModel
    /// nil where the file has no post-processor that adds tokens.
    var special: SpecialTokens?
    /// `padding.pad_token`, where the file has it.
    var paddingToken: String?

    /// The id of an added token or a token of the vocabulary.
    func id(of token: String) -> Int? {
        addedTokens.first { $0.content.utf8.elementsEqual(token.utf8) }?.id ?? model.vocabulary.id(of: token)
    }

    /// - Throws: `unknownSpecialToken` where nothing has that spelling.
    func named(_ token: String, role: String, file: String) throws(TokenizerError) -> NamedToken {
        guard let id = id(of: token) else { throw .unknownSpecialToken(file: file, role: role, token: token) }
        return NamedToken(id: id, token: token)
    }
}

/// Reads `tokenizer.json`, the format of Hugging Face `tokenizers`.
enum TokenizerFile {
    /// - Throws: `unreadable`, `corrupt`, `unknownMergeToken`, `cancelled`, or `unsupported` with the component's name.
    static func read(
        _ file: String, isCancelled: @escaping @Sendable () -> Bool
    ) throws(TokenizerError) -> TokenizerParts {
        var scanner = JSONScanner(
            try VocabularyReading.contents(of: file), file: file, isCancelled: isCancelled)
        var sections: [String: JSONValue] = [:]
        var model: (any TokenModel)?
        try scanner.readObject { name, scanner throws(TokenizerError) in
            let name = String(decoding: name, as: UTF8.self)
            if name == "model" {
                model = try ModelReading.read(&scanner, file: file)
            } else {
                sections[name] = try value(&scanner, name, file)
            }
        }
        try scanner.expectEnd()
        guard let model else { throw .corrupt(file: file, place: "model", reason: "is missing") }

        let components = ComponentReading(file: file)
        var parts = TokenizerParts(addedTokens: try components.addedTokens(sections["added_tokens"]), model: model)
        if let section = sections["normalizer"], !section.isNull {
            parts.normalizer = try components.normalizer(section, at: "normalizer")
        }
        if let section = sections["pre_tokenizer"], !section.isNull {
            parts.preTokenizer = try components.preTokenizer(section, at: "pre_tokenizer")
        }
        if let section = sections["post_processor"], !section.isNull {
            parts.special = try components.specialTokens(section, at: "post_processor")
        }
        // A token that the vocabulary has too keeps the vocabulary's id.
        for index in parts.addedTokens.indices {
            let token = parts.addedTokens[index]
            parts.addedTokens[index].id = model.vocabulary.id(of: token.content) ?? token.id
        }
        parts.paddingToken = sections["padding"]?["pad_token"]?.string
        return parts
    }

    /// The value that begins here.
    static func value(_ scanner: inout JSONScanner, _ name: String, _ file: String) throws(TokenizerError) -> JSONValue
    {
        let bytes = Array(try scanner.skipValue())
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw .corrupt(file: file, place: name, reason: "\(error)")
        }
    }
}
