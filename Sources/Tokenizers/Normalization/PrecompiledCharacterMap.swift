import Foundation

/// SentencePiece's compiled normalisation rules: a double-array trie of what to replace, and the replacements.
///
/// The layout is `precompiled_charsmap` of sentencepiece_model.proto: the trie's size in bytes (little-endian, 32
/// bits), the trie's units as the Darts-clone library packs them, then the replacements, each ended by a zero byte.
/// A rule that leads out of the trie or the replacements, in a damaged map, replaces nothing.
struct PrecompiledCharacterMap: Sendable {
    /// The longest replacement that is accepted, in bytes; real ones have some dozens. Each character of a text may
    /// grow to this.
    private static let longestReplacement = 256

    private let units: [UInt32]
    private let replacements: [UInt8]

    /// nil where the data have another layout.
    init?(base64: String) {
        guard let data = Data(base64Encoded: base64) else { return nil }
        self.init([UInt8](data)[...])
    }

    /// nil where the data have another layout.
    init?(_ data: ArraySlice<UInt8>) {
        func word(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(data[data.startIndex + offset + $1]) << UInt32(8 * $1) }
        }
        guard data.count > 4 else { return nil }
        let size = Int(word(0))
        guard size % 4 == 0, size > 0, 4 + size <= data.count else { return nil }
        let text = data.dropFirst(4 + size)
        let longest = text.split(separator: 0, omittingEmptySubsequences: true).map(\.count).max() ?? 0
        guard longest <= Self.longestReplacement else { return nil }
        units = stride(from: 4, to: 4 + size, by: 4).map(word)
        replacements = Array(text)
    }

    /// What the longest rule for the bytes at `index` gives, and how many bytes it replaces, as SentencePiece applies
    /// it; nil where no rule begins with them.
    func longestRule(in text: [UInt8], at index: Int) -> (replacement: ArraySlice<UInt8>, length: Int)? {
        var found: (place: Int, length: Int)?
        forEachRule(text[index...]) { place, length in
            found = (place, length)
            return true
        }
        guard let found else { return nil }
        return (replacements[found.place...].prefix { $0 != 0 }, found.length)
    }

    /// Applies the rules as the `Precompiled` normalizer of Hugging Face `tokenizers` does: the shortest rule that a
    /// grapheme cluster of fewer than six bytes begins with replaces the whole cluster, otherwise each scalar is looked
    /// up.
    func apply(to text: AlignedText, checkpoint: Checkpoint) throws(CancellationError) -> AlignedText {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text.scalars)
        var result = AlignedText()
        result.reserveCapacity(text.count)
        var start = 0
        for (number, cluster) in String(view).enumerated() {
            if number % 4096 == 0 { try checkpoint.pass() }
            let range = start..<start + cluster.unicodeScalars.count
            start = range.upperBound
            let bytes = Array(cluster.utf8)
            if bytes.count < 6, let replacement = replacement(of: bytes) {
                let source = text.source(of: range)
                for scalar in replacement {
                    result.append(scalar, source: Int32(source.lowerBound)..<Int32(source.upperBound))
                }
                continue
            }
            for index in range {
                if let replacement = replacement(of: text.scalars[index].utf8Bytes) {
                    for scalar in replacement { result.append(scalar, source: text.sources[index]) }
                } else {
                    result.append(text, index..<index + 1)
                }
            }
        }
        return result
    }

    /// What the shortest rule that `key` begins with gives.
    private func replacement(of key: [UInt8]) -> [Unicode.Scalar]? {
        var found: Int?
        forEachRule(key[...]) { place, _ in
            found = place
            return false
        }
        guard let found else { return nil }
        return Array(String(decoding: replacements[found...].prefix { $0 != 0 }, as: UTF8.self).unicodeScalars)
    }

    /// Walks the trie along `key`: calls `body` for each rule, the shortest first, with the place of its replacement
    /// and the length of what it replaces, until it returns false.
    private func forEachRule(_ key: ArraySlice<UInt8>, _ body: (_ place: Int, _ length: Int) -> Bool) {
        var node = Int(Self.offset(units[0]))
        for (index, byte) in key.enumerated() {
            node ^= Int(byte)
            guard units.indices.contains(node), units[node] & 0x8000_00FF == UInt32(byte) else { return }
            let unit = units[node]
            node ^= Int(Self.offset(unit))
            guard units.indices.contains(node) else { return }
            if unit >> 8 & 1 == 1 {
                let place = Int(units[node] & 0x7FFF_FFFF)
                guard replacements.indices.contains(place) else { return }
                if !body(place, index + 1) { return }
            }
        }
    }

    private static func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & (1 << 9)) >> 6) }
}
