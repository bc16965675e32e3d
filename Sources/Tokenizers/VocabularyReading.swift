import Foundation

/// Vocabularies and merges as `vocab.json`, `merges.txt` and the `model` of a `tokenizer.json` hold them.
enum VocabularyReading {
    /// Reads a whole file.
    static func contents(of file: String) throws(TokenizerError) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            let reason = (error as? CocoaError)?.underlying as? POSIXError
            throw .unreadable(file: file, reason: reason.map { String(cString: strerror($0.code.rawValue)) } ?? "\(error)")
        }
    }

    /// Reads an object of tokens and ids.
    static func vocabulary(_ scanner: inout JSONScanner, file: String) throws(TokenizerError) -> Vocabulary {
        var vocabulary = Vocabulary()
        try scanner.readObject { token, scanner throws(TokenizerError) in
            let id = try scanner.readInteger()
            try insert(token, id: id, into: &vocabulary, file: file)
        }
        return vocabulary
    }

    /// Reads an array of pairs of token and score, whose ids are their places.
    static func scoredVocabulary(
        _ scanner: inout JSONScanner, file: String
    ) throws(TokenizerError) -> (vocabulary: Vocabulary, scores: [Double]) {
        var vocabulary = Vocabulary()
        var scores: [Double] = []
        try scanner.readArray { scanner throws(TokenizerError) in
            var token: [UInt8]?
            var score: Double?
            try scanner.readArray { scanner throws(TokenizerError) in
                if token == nil {
                    token = try scanner.readString()
                } else if score == nil {
                    score = try scanner.readNumber()
                } else {
                    throw scanner.failure("a pair of token and score is expected")
                }
            }
            guard let token, let score else { throw scanner.failure("a pair of token and score is expected") }
            try insert(token, id: scores.count, into: &vocabulary, file: file)
            scores.append(score)
        }
        return (vocabulary, scores)
    }

    /// Reads an array of merges, each `"left right"` or `["left", "right"]`.
    static func merges(
        _ scanner: inout JSONScanner, _ vocabulary: Vocabulary, file: String
    ) throws(TokenizerError) -> [UInt64: BytePairEncoding.Merge] {
        var merges: [UInt64: BytePairEncoding.Merge] = [:]
        var rank = 0
        try scanner.readArray { scanner throws(TokenizerError) in
            var parts: [[UInt8]] = []
            if scanner.isAtArray() {
                try scanner.readArray { scanner throws(TokenizerError) in parts.append(try scanner.readString()) }
            } else {
                parts = try scanner.readString().split(separator: UInt8(ascii: " ")).map(Array.init)
            }
            guard parts.count == 2 else { throw notAPair(rank, file) }
            try add(parts[0][...], parts[1][...], rank: rank, to: &merges, vocabulary, file)
            rank += 1
        }
        return merges
    }

    /// Reads `merges.txt`: a pair per line; a first line that begins with `#version` and empty lines are skipped.
    static func merges(
        file: String, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> [UInt64: BytePairEncoding.Merge] {
        var merges: [UInt64: BytePairEncoding.Merge] = [:]
        var rank = 0
        for line in try contents(of: file).split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            if line.starts(with: Array("#version".utf8)) { continue }
            let parts = line.split(separator: UInt8(ascii: " "))
            guard parts.count == 2 else { throw notAPair(rank, file) }
            try add(parts[0], parts[1], rank: rank, to: &merges, vocabulary, file)
            rank += 1
        }
        return merges
    }

    private static func insert(
        _ token: [UInt8], id: Int, into vocabulary: inout Vocabulary, file: String
    ) throws(TokenizerError) {
        let name = String(decoding: token, as: UTF8.self)
        guard (0..<Vocabulary.idLimit).contains(id) else {
            throw .corrupt(file: file, place: "token \"\(name)\"", reason: "the id \(id) is out of range")
        }
        if !vocabulary.insert(token[...], id: id) {
            throw .corrupt(file: file, place: "token \"\(name)\"", reason: "the token or its id \(id) occurs twice")
        }
    }

    private static func add(
        _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, rank: Int,
        to merges: inout [UInt64: BytePairEncoding.Merge], _ vocabulary: Vocabulary, _ file: String
    ) throws(TokenizerError) {
        func id(_ token: ArraySlice<UInt8>) throws(TokenizerError) -> Int32 {
            guard let id = vocabulary.id(of: token) else {
                throw .unknownMergeToken(file: file, merge: rank, token: String(decoding: token, as: UTF8.self))
            }
            return Int32(id)
        }
        let key = BytePairEncoding.key(try id(left), try id(right))
        merges[key] = BytePairEncoding.Merge(rank: Int32(rank), id: try id(left + right))
    }

    private static func notAPair(_ rank: Int, _ file: String) -> TokenizerError {
        .corrupt(file: file, place: "merge \(rank)", reason: "a pair of tokens is expected")
    }
}
