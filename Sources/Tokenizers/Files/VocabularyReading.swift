import Foundation
import JSON

/// Vocabularies and merges as `vocab.json`, `merges.txt` and the `model` of a `tokenizer.json` hold them.
enum VocabularyReading {
    /// The largest vocabulary or list of merges that is read; that of 900,000 tokens has some 60 MB.
    private static let largest = 256 << 20

    /// Reads a whole file.
    /// - Parameter most: the bytes of the largest file that is read.
    static func contents(of file: String, most: Int = largest) throws(TokenizerError) -> [UInt8] {
        do {
            return try SmallFile.bytes(of: file, limit: most)
        } catch .unreadable(_, let reason) {
            throw .unreadable(file: file, reason: reason)
        } catch {
            throw .unreadable(file: file, reason: "\(error)")
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
            var token: ArraySlice<UInt8>?
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
        // A merge for each token at least, but for the few that are none.
        merges.reserveCapacity(vocabulary.count)
        var rank = 0
        try scanner.readArray { scanner throws(TokenizerError) in
            var left: ArraySlice<UInt8>?
            var right: ArraySlice<UInt8>?
            var isPair = true
            if scanner.isAtArray() {
                try scanner.readArray { scanner throws(TokenizerError) in
                    let part = try scanner.readString()
                    if left == nil {
                        left = part
                    } else {
                        isPair = right == nil
                        right = part
                    }
                }
            } else {
                let parts = try scanner.readString().split(separator: UInt8(ascii: " "))
                (left, right, isPair) = (parts.first, parts.last, parts.count == 2)
            }
            guard let left, let right, isPair else { throw notAPair(rank, file) }
            try add(left, right, rank: rank, to: &merges, vocabulary, file)
            rank += 1
        }
        return merges
    }

    /// Reads `merges.txt`: a pair per line; a first line that begins with `#version` and empty lines are skipped.
    static func merges(
        file: String, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> [UInt64: BytePairEncoding.Merge] {
        var merges: [UInt64: BytePairEncoding.Merge] = [:]
        // A merge for each token at least, but for the few that are none.
        merges.reserveCapacity(vocabulary.count)
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

    /// Reads `vocab.txt`: a token per line, whose ids are the numbers of their lines from 0 on.
    static func lines(_ file: String) throws(TokenizerError) -> Vocabulary {
        var vocabulary = Vocabulary()
        var lines = try contents(of: file).split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (id, line) in lines.enumerated() {
            try insert(line.last == 0x0D ? line.dropLast() : line, id: id, into: &vocabulary, file: file)
        }
        return vocabulary
    }

    private static func insert(
        _ token: ArraySlice<UInt8>, id: Int, into vocabulary: inout Vocabulary, file: String
    ) throws(TokenizerError) {
        func corrupt(_ reason: String) -> TokenizerError {
            .corrupt(file: file, place: "token \"\(String(decoding: token, as: UTF8.self))\"", reason: reason)
        }
        guard (0..<Vocabulary.idLimit).contains(id) else { throw corrupt("the id \(id) is out of range") }
        if !vocabulary.insert(token, id: id) { throw corrupt("the token or its id \(id) occurs twice") }
    }

    private static func add(
        _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, rank: Int,
        to merges: inout [UInt64: BytePairEncoding.Merge], _ vocabulary: Vocabulary, _ file: String
    ) throws(TokenizerError) {
        func unknown(_ token: ArraySlice<UInt8>) -> TokenizerError {
            .unknownMergeToken(file: file, merge: rank, token: String(decoding: token, as: UTF8.self))
        }
        guard let leftId = vocabulary.id(of: left) else { throw unknown(left) }
        guard let rightId = vocabulary.id(of: right) else { throw unknown(right) }
        guard let id = vocabulary.id(of: left, followedBy: right) else { throw unknown(left + right) }
        merges[BytePairEncoding.key(Int32(leftId), Int32(rightId))] = BytePairEncoding.Merge(
            rank: Int32(rank), id: Int32(id))
    }

    private static func notAPair(_ rank: Int, _ file: String) -> TokenizerError {
        .corrupt(file: file, place: "merge \(rank)", reason: "a pair of tokens is expected")
    }
}
