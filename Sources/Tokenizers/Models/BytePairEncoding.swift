import HeapModule
import Synchronization

/// Byte-pair encoding (Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units", ACL
/// 2016) as the `BPE` model of Hugging Face `tokenizers` does it: of all adjacent pairs that can merge, the one of
/// lowest rank merges first, the leftmost among equals.
///
/// A piece of n characters takes O(n log n) time. The tokens of short pieces are kept.
final class BytePairEncoding: TokenModel {
    struct Merge: Sendable {
        let rank: Int32
        let id: Int32
    }

    struct Options: Sendable {
        var unknownId: Int?
        /// Put after the last character of a piece, such as `</w>`.
        var endOfWordSuffix = ""
        var fusesUnknown = false
        var fallsBackToBytes = false
        /// A piece that is a token is that token, whatever the merges would give.
        var ignoresMerges = false
    }

    let vocabulary: Vocabulary
    var name: String { "BPE" }
    private let merges: [UInt64: Merge]
    private let options: Options
    private let byteFallback: ByteFallback?
    private let suffix: [UInt8]
    private let characters: [Unicode.Scalar: Int32]
    private let lastCharacters: [Unicode.Scalar: Int32]
    private let cache = PieceCache()

    /// - Parameter merges: by `key(left, right)`.
    init(vocabulary: Vocabulary, merges: [UInt64: Merge], options: Options) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.options = options
        byteFallback = options.fallsBackToBytes ? ByteFallback(vocabulary) : nil
        let suffix = Array(options.endOfWordSuffix.utf8)
        self.suffix = suffix
        let characters = Self.characters(in: vocabulary, suffix: [])
        self.characters = characters
        lastCharacters = suffix.isEmpty ? characters : Self.characters(in: vocabulary, suffix: suffix)
    }

    static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    func tokens(
        of piece: ArraySlice<Unicode.Scalar>, limit: Int, checkpoint: Checkpoint
    ) throws(CancellationError) -> [PieceToken] {
        guard piece.count <= PieceCache.longestPiece else { return try merged(piece, checkpoint: checkpoint) }
        let key = Array(piece)
        if let known = cache[key] { return known }
        let tokens = try merged(piece, checkpoint: checkpoint)
        cache[key] = tokens
        return tokens
    }

    private func merged(
        _ piece: ArraySlice<Unicode.Scalar>, checkpoint: Checkpoint
    ) throws(CancellationError) -> [PieceToken] {
        if options.ignoresMerges {
            let bytes = piece.flatMap(\.utf8Bytes)
            if let id = vocabulary.id(of: bytes[...]) { return [PieceToken(id: id, range: 0..<piece.count)] }
        }
        var symbols = symbols(of: piece)
        try mergeAll(&symbols, checkpoint: checkpoint)
        return symbols.compactMap { symbol in
            symbol.isMerged ? nil : PieceToken(id: Int(symbol.id), range: symbol.start..<symbol.end)
        }
    }

    /// A part of a piece, linked with its neighbours.
    private struct Symbol {
        var id: Int32
        var start: Int
        var end: Int
        var previous: Int
        var next: Int
        /// It has become part of the symbol before it.
        var isMerged = false
    }

    /// The characters of a piece as tokens, unknown ones as byte tokens or the unknown token.
    private func symbols(of piece: ArraySlice<Unicode.Scalar>) -> [Symbol] {
        var symbols: [Symbol] = []
        symbols.reserveCapacity(piece.count)
        var unknownStart: Int?

        func append(_ id: Int, _ range: Range<Int>) {
            symbols.append(
                Symbol(
                    id: Int32(id), start: range.lowerBound, end: range.upperBound, previous: symbols.count - 1,
                    next: symbols.count + 1))
        }
        func flushUnknown(upTo end: Int) {
            if let start = unknownStart, let id = options.unknownId { append(id, start..<end) }
            unknownStart = nil
        }

        for (index, scalar) in piece.enumerated() {
            let isLast = index == piece.count - 1
            if let id = (isLast ? lastCharacters : characters)[scalar] {
                flushUnknown(upTo: index)
                append(Int(id), index..<index + 1)
                continue
            }
            if let fallback = byteFallback?.tokens(of: isLast ? scalar.utf8Bytes + suffix : scalar.utf8Bytes) {
                flushUnknown(upTo: index)
                for id in fallback { append(id, index..<index + 1) }
                continue
            }
            if !options.fusesUnknown { flushUnknown(upTo: index) }
            if unknownStart == nil { unknownStart = index }
        }
        flushUnknown(upTo: piece.count)
        if !symbols.isEmpty { symbols[symbols.count - 1].next = -1 }
        return symbols
    }

    private struct Candidate: Comparable {
        let rank: Int32
        let id: Int32
        let position: Int

        static func < (left: Candidate, right: Candidate) -> Bool {
            (left.rank, left.position) < (right.rank, right.position)
        }
    }

    private func mergeAll(_ symbols: inout [Symbol], checkpoint: Checkpoint) throws(CancellationError) {
        func candidate(_ left: Int, _ right: Int) -> Candidate? {
            merges[Self.key(symbols[left].id, symbols[right].id)].map {
                Candidate(rank: $0.rank, id: $0.id, position: left)
            }
        }
        var queue = Heap((0..<max(0, symbols.count - 1)).compactMap { candidate($0, $0 + 1) })
        var steps = 0
        while let best = queue.popMin() {
            steps += 1
            if steps % 4096 == 0 { try checkpoint.pass() }
            let left = best.position
            let right = symbols[left].next
            // Either of the two may have merged since the pair was queued.
            guard !symbols[left].isMerged, right >= 0, candidate(left, right)?.id == best.id else { continue }
            symbols[left].id = best.id
            symbols[left].end = symbols[right].end
            symbols[left].next = symbols[right].next
            symbols[right].isMerged = true
            if symbols[left].next >= 0 {
                symbols[symbols[left].next].previous = left
                if let following = candidate(left, symbols[left].next) { queue.insert(following) }
            }
            if symbols[left].previous >= 0, let preceding = candidate(symbols[left].previous, left) {
                queue.insert(preceding)
            }
        }
    }

    /// The tokens that are one character followed by `suffix`.
    private static func characters(in vocabulary: Vocabulary, suffix: [UInt8]) -> [Unicode.Scalar: Int32] {
        var characters: [Unicode.Scalar: Int32] = [:]
        for id in 0..<max(0, vocabulary.maxId + 1) {
            let token = vocabulary.bytes(of: id)
            guard token.count > suffix.count, token.count <= suffix.count + 4,
                token.suffix(suffix.count).elementsEqual(suffix)
            else { continue }
            let scalars = String(decoding: token.dropLast(suffix.count), as: UTF8.self).unicodeScalars
            if scalars.count == 1, let scalar = scalars.first { characters[scalar] = Int32(id) }
        }
        return characters
    }
}

/// The tokens of pieces seen before. Shared by all threads that use a tokenizer.
private final class PieceCache: Sendable {
    /// Longer pieces are not kept, so that a few texts cannot fill the memory.
    static let longestPiece = 40
    private static let capacity = 16_384

    private let tokens = Mutex<[[Unicode.Scalar]: [PieceToken]]>([:])

    subscript(piece: [Unicode.Scalar]) -> [PieceToken]? {
        get { tokens.withLock { $0[piece] } }
        set {
            tokens.withLock { known in
                if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
                known[piece] = newValue
            }
        }
    }
}
