import Foundation
import JSON

/// What `tokenizer_config.json`, and `special_tokens_map.json` where that lacks a token, say about a tokenizer.
/// Both may be absent.
struct TokenizerConfig: Sendable {
    /// The file to name in errors.
    let file: String
    private let values: JSONValue
    private let specialTokens: JSONValue

    init(folder: String) throws(TokenizerError) {
        file = folder + "/tokenizer_config.json"
        values = try Self.read(file)
        specialTokens = try Self.read(folder + "/special_tokens_map.json")
    }

    /// The class of the tokenizer, without the suffix `Fast` of older files.
    var tokenizerClass: String? {
        values["tokenizer_class"]?.string.map { $0.hasSuffix("Fast") ? String($0.dropLast(4)) : $0 }
    }

    func flag(_ key: String) -> Bool? { values[key]?.bool }

    var lowercases: Bool { values["do_lower_case"]?.bool ?? true }
    var addsBeginning: Bool? { values["add_bos_token"]?.bool }
    var addsEnd: Bool? { values["add_eos_token"]?.bool }

    /// - Throws: `corrupt` for a side other than `left` and `right`.
    func paddingSide() throws(TokenizerError) -> Padding.Side {
        switch values["padding_side"]?.string {
        case nil, "right": return .right
        case "left": return .left
        case let side?:
            throw .corrupt(file: file, place: "padding_side", reason: "\"\(side)\" is neither left nor right")
        }
    }

    /// The spelling of a special token, by its key such as `eos_token`: a string, or an object with `content`.
    func token(_ key: String) -> String? {
        for source in [values, specialTokens] {
            if let token = source[key]?.string ?? source[key]?["content"]?.string { return token }
        }
        return nil
    }

    /// `added_tokens_decoder`: added tokens by id.
    func addedTokens() throws(TokenizerError) -> [AddedTokens.Token] {
        guard let entries = values["added_tokens_decoder"]?.object else { return [] }
        var tokens: [AddedTokens.Token] = []
        for (key, entry) in entries {
            guard let id = Int(key), (0..<Vocabulary.idLimit).contains(id), let content = entry["content"]?.string
            else {
                throw .corrupt(file: file, place: "added_tokens_decoder.\(key)", reason: "must be a token by its id")
            }
            tokens.append(
                AddedTokens.Token(
                    id: id, content: content, stripsLeft: entry["lstrip"]?.bool ?? false,
                    stripsRight: entry["rstrip"]?.bool ?? false, isSingleWord: entry["single_word"]?.bool ?? false))
        }
        return tokens
    }

    private static func read(_ file: String) throws(TokenizerError) -> JSONValue {
        guard FileManager.default.fileExists(atPath: file) else { return .object([:]) }
        do {
            return try JSONValue(parsing: try VocabularyReading.contents(of: file, most: SmallFile.configurationLimit))
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .corrupt(file: file, place: "", reason: "\(error)")
        }
    }
}

extension BERTCleaner {
    /// With what a `tokenizer_config.json` says, which counts more than the `tokenizer.json`.
    func changed(by config: TokenizerConfig) -> BERTCleaner {
        var changed = self
        if let flag = config.flag("do_lower_case") { changed.lowercases = flag }
        if let flag = config.flag("strip_accents") { changed.stripsAccents = flag }
        if let flag = config.flag("tokenize_chinese_chars") { changed.separatesIdeographs = flag }
        return changed
    }
}
