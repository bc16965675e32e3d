import JSON

/// Reads the components of a `tokenizer.json` other than its model. Whatever is not known is an error that names it.
struct ComponentReading {
    let file: String

    func addedTokens(_ section: JSONValue?) throws(TokenizerError) -> [AddedTokens.Token] {
        guard let section, !section.isNull else { return [] }
        guard let entries = section.array else { throw corrupt("added_tokens", "must be an array") }
        var tokens: [AddedTokens.Token] = []
        for (index, entry) in entries.enumerated() {
            guard let content = entry["content"]?.string else {
                throw corrupt("added_tokens[\(index)].content", "must be a string")
            }
            guard let id = entry["id"]?.int, (0..<Vocabulary.idLimit).contains(id) else {
                throw corrupt("added_tokens[\(index)].id", "must be an id in range")
            }
            tokens.append(
                AddedTokens.Token(
                    id: id, content: content, stripsLeft: entry["lstrip"]?.bool ?? false,
                    stripsRight: entry["rstrip"]?.bool ?? false, isSingleWord: entry["single_word"]?.bool ?? false,
                    isNormalized: entry["normalized"]?.bool ?? !(entry["special"]?.bool ?? false)))
        }
        return tokens
    }

    func normalizer(_ section: JSONValue, at place: String) throws(TokenizerError) -> Normalizer {
        switch try type(of: section, at: place) {
        case "Sequence":
            var steps: [Normalizer] = []
            for (index, step) in try array(section, "normalizers", at: place).enumerated() {
                steps.append(try normalizer(step, at: "\(place).normalizers[\(index)]"))
            }
            return .sequence(steps)
        case "NFC": return .unicode(.nfc)
        case "NFD": return .unicode(.nfd)
        case "NFKC": return .unicode(.nfkc)
        case "NFKD": return .unicode(.nfkd)
        case "Lowercase": return .lowercase
        case "Replace":
            let content = try string(section, "content", at: place)
            return .replace(try pattern(section, at: place), with: Array(content.unicodeScalars))
        case "Strip":
            return .strip(left: section["strip_left"]?.bool ?? true, right: section["strip_right"]?.bool ?? true)
        case "Prepend":
            return .prepend(Array(try string(section, "prepend", at: place).unicodeScalars))
        case "BertNormalizer":
            return .bert(
                BERTCleaner(
                    cleansText: section["clean_text"]?.bool ?? true,
                    separatesIdeographs: section["handle_chinese_chars"]?.bool ?? true,
                    stripsAccents: section["strip_accents"]?.bool, lowercases: section["lowercase"]?.bool ?? true))
        case "Precompiled":
            let encoded = try string(section, "precompiled_charsmap", at: place)
            if encoded.isEmpty { return .sequence([]) }
            guard let map = PrecompiledCharacterMap(base64: encoded) else {
                throw corrupt("\(place).precompiled_charsmap", "is not a character map")
            }
            return .precompiled(map)
        case let type:
            throw unsupported("normalizer", type, at: place)
        }
    }

    func preTokenizer(_ section: JSONValue, at place: String) throws(TokenizerError) -> PreTokenizer {
        switch try type(of: section, at: place) {
        case "Sequence":
            var steps: [PreTokenizer] = []
            for (index, step) in try array(section, "pretokenizers", at: place).enumerated() {
                steps.append(try preTokenizer(step, at: "\(place).pretokenizers[\(index)]"))
            }
            return .sequence(steps)
        case "Split":
            let name = try string(section, "behavior", at: place)
            guard let behavior = PreTokenizer.SplitBehavior(rawValue: name) else {
                throw unsupported("behavior", name, at: place)
            }
            return .split(try pattern(section, at: place), behavior, invert: section["invert"]?.bool ?? false)
        case "ByteLevel":
            return .byteLevel(
                addPrefixSpace: section["add_prefix_space"]?.bool ?? true,
                splitWords: section["use_regex"]?.bool ?? true)
        case "Metaspace":
            return try metaspace(section, at: place)
        case "BertPreTokenizer":
            return .bert
        case "WhitespaceSplit":
            return .split(.repeated(ScalarClass(items: [.whitespace]), 1...1), .removed, invert: false)
        case let type:
            throw unsupported("pre-tokenizer", type, at: place)
        }
    }

    /// The tokens that a post-processor adds to a single sequence; nil where it adds none.
    func specialTokens(_ section: JSONValue, at place: String) throws(TokenizerError) -> SpecialTokens? {
        switch try type(of: section, at: place) {
        case "ByteLevel":
            return nil
        case "RobertaProcessing", "BertProcessing":
            return SpecialTokens(
                before: [try namedPair(section, "cls", at: place)], after: [try namedPair(section, "sep", at: place)])
        case "TemplateProcessing":
            return try template(section, at: place)
        case "Sequence":
            var result: SpecialTokens?
            for (index, step) in try array(section, "processors", at: place).enumerated() {
                guard let inner = try specialTokens(step, at: "\(place).processors[\(index)]") else { continue }
                let outer = result ?? SpecialTokens()
                result = SpecialTokens(before: inner.before + outer.before, after: outer.after + inner.after)
            }
            return result
        case let type:
            throw unsupported("post-processor", type, at: place)
        }
    }

    private func metaspace(_ section: JSONValue, at place: String) throws(TokenizerError) -> PreTokenizer {
        let replacement = section["replacement"]?.string ?? "\u{2581}"
        guard replacement.unicodeScalars.count == 1, let scalar = replacement.unicodeScalars.first else {
            throw corrupt("\(place).replacement", "must be one character")
        }
        var scheme = PreTokenizer.PrependScheme.always
        if let name = section["prepend_scheme"]?.string {
            guard let known = PreTokenizer.PrependScheme(rawValue: name) else {
                throw unsupported("prepend_scheme", name, at: place)
            }
            scheme = known
        } else if section["add_prefix_space"]?.bool == false {
            scheme = .never
        }
        return .metaspace(replacement: scalar, scheme, split: section["split"]?.bool ?? true)
    }

    private func template(_ section: JSONValue, at place: String) throws(TokenizerError) -> SpecialTokens {
        var result = SpecialTokens()
        var hasSequence = false
        for (index, piece) in try array(section, "single", at: place).enumerated() {
            if piece["Sequence"] != nil {
                hasSequence = true
            } else if let name = piece["SpecialToken"]?["id"]?.string {
                let entry = section["special_tokens"]?[name]
                guard let ids = entry?["ids"]?.array, let tokens = entry?["tokens"]?.array, ids.count == tokens.count
                else {
                    throw corrupt("\(place).special_tokens", "lacks the ids and tokens of \"\(name)\"")
                }
                for (id, token) in zip(ids, tokens) {
                    guard let id = id.int, (0..<Vocabulary.idLimit).contains(id), let token = token.string else {
                        throw corrupt("\(place).special_tokens", "has an id out of range for \"\(name)\"")
                    }
                    let named = NamedToken(id: id, token: token)
                    if hasSequence { result.after.append(named) } else { result.before.append(named) }
                }
            } else {
                throw corrupt("\(place).single[\(index)]", "must be a Sequence or a SpecialToken")
            }
        }
        return result
    }

    private func pattern(_ section: JSONValue, at place: String) throws(TokenizerError) -> ScalarPattern {
        if let literal = section["pattern"]?["String"]?.string { return .literal(Array(literal.unicodeScalars)) }
        guard let expression = section["pattern"]?["Regex"]?.string else {
            throw corrupt("\(place).pattern", "must have a String or a Regex")
        }
        guard let pattern = ScalarPattern(regularExpression: expression) else {
            throw unsupported("pattern", expression, at: place)
        }
        return pattern
    }

    /// A pair of token and id, as `["<|endoftext|>", 49407]`.
    private func namedPair(_ section: JSONValue, _ key: String, at place: String) throws(TokenizerError) -> NamedToken {
        guard let token = section[key]?[0]?.string, let id = section[key]?[1]?.int,
            (0..<Vocabulary.idLimit).contains(id)
        else { throw corrupt("\(place).\(key)", "must be a token and its id") }
        return NamedToken(id: id, token: token)
    }

    private func type(of section: JSONValue, at place: String) throws(TokenizerError) -> String {
        try string(section, "type", at: place)
    }

    private func string(_ section: JSONValue, _ key: String, at place: String) throws(TokenizerError) -> String {
        guard let string = section[key]?.string else { throw corrupt("\(place).\(key)", "must be a string") }
        return string
    }

    private func array(_ section: JSONValue, _ key: String, at place: String) throws(TokenizerError) -> [JSONValue] {
        guard let array = section[key]?.array else { throw corrupt("\(place).\(key)", "must be an array") }
        return array
    }

    private func corrupt(_ place: String, _ reason: String) -> TokenizerError {
        .corrupt(file: file, place: place, reason: reason)
    }

    private func unsupported(_ kind: String, _ name: String, at place: String) -> TokenizerError {
        .unsupported(file: file, component: "the \(kind) \"\(name)\" at \(place)")
    }
}
