import Foundation

/// SentencePiece's compiled normalisation rules: a double-array trie of what to replace, and the replacements.
///
/// The layout is `precompiled_charsmap` of sentencepiece_model.proto: the trie's size in bytes (little-endian, 32
/// bits), the trie's units as the Darts-clone library packs them, then the replacements, each ended by a zero byte.
/// Applied as the `Precompiled` normalizer of Hugging Face `tokenizers` does: the shortest rule that a grapheme cluster
/// of fewer than six bytes begins with replaces the whole cluster, otherwise each scalar is looked up.
struct PrecompiledCharacterMap: Sendable {
    private let units: [UInt32]
    private let replacements: [UInt8]

    /// nil where the data have another layout.
    init?(base64: String) {
        guard let data = Data(base64Encoded: base64).map({ [UInt8]($0) }), data.count >= 4 else { return nil }
        func word(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(data[offset + $1]) << UInt32(8 * $1) }
        }
        let size = Int(word(0))
        guard size % 4 == 0, size > 0, 4 + size <= data.count else { return nil }
        units = stride(from: 4, to: 4 + size, by: 4).map(word)
        replacements = Array(data[(4 + size)...])
    }

    func apply(to text: AlignedText) -> AlignedText {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text.scalars)
        var result = AlignedText()
        result.reserveCapacity(text.count)
        var start = 0
        for cluster in String(view) {
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
        var node = Int(Self.offset(units[0]))
        for byte in key {
            node ^= Int(byte)
            guard units.indices.contains(node), units[node] & 0x8000_00FF == UInt32(byte) else { return nil }
            let unit = units[node]
            node ^= Int(Self.offset(unit))
            guard units.indices.contains(node) else { return nil }
            if unit >> 8 & 1 == 1 {
                let place = Int(units[node] & 0x7FFF_FFFF)
                guard replacements.indices.contains(place) else { return nil }
                return Array(String(decoding: replacements[place...].prefix { $0 != 0 }, as: UTF8.self).unicodeScalars)
            }
        }
        return nil
    }

    private static func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & (1 << 9)) >> 6) }
}
