/// Tokens and their ids, compared byte by byte.
///
/// A dictionary of `String` would not do: Swift takes canonically equivalent strings, such as a composed and a
/// decomposed é, for the same key, and vocabularies hold both. All tokens lie in one buffer, found through an
/// open-addressing table.
struct Vocabulary: Sendable {
    /// Ids from here on are taken for a corrupt file.
    static let idLimit = 1 << 24

    private var bytes: [UInt8] = []
    /// For each id the token's place in `bytes`; an empty range where no token has the id.
    private var places: [Range<UInt32>] = []
    /// Ids by hash. The count is a power of two, at most half of it taken.
    private var table: [Slot] = []
    private(set) var count = 0
    /// The length in bytes of the longest token.
    private(set) var longest = 0

    init() {}

    /// The largest id; -1 for an empty vocabulary.
    var maxId: Int { places.count - 1 }

    /// Enters a token. False where the token or the id is taken already; nothing changes then.
    ///
    /// - Precondition: `0 <= id < idLimit`.
    mutating func insert(_ token: ArraySlice<UInt8>, id: Int) -> Bool {
        if self.id(of: token) != nil { return false }
        if id < places.count, !places[id].isEmpty { return false }
        if id >= places.count { places.append(contentsOf: repeatElement(0..<0, count: id + 1 - places.count)) }
        // No text gives the empty token.
        if token.isEmpty { return true }
        if (count + 1) * 2 > table.count { grow() }
        let start = UInt32(bytes.count)
        bytes.append(contentsOf: token)
        places[id] = start..<UInt32(bytes.count)
        count += 1
        longest = max(longest, token.count)
        link(id)
        return true
    }

    /// The id of a token, which may be given in two parts.
    func id(of token: ArraySlice<UInt8>, followedBy rest: ArraySlice<UInt8> = []) -> Int? {
        token.withUnsafeBufferPointer { first in
            rest.withUnsafeBufferPointer { second in
                var hash = Hash()
                for byte in first { hash.add(byte) }
                for byte in second { hash.add(byte) }
                return find(first, second, hash)
            }
        }
    }

    func id(of token: String) -> Int? { id(of: Array(token.utf8)[...]) }

    /// Calls `body` with the length in bytes and the id of each token that `text` has at `start`, shortest first.
    ///
    /// - Parameter prefix: what the tokens begin with before the part that the text has; it does not count as length.
    func forEachToken(
        in text: [UInt8], at start: Int, after prefix: [UInt8] = [], _ body: (_ length: Int, _ id: Int) -> Void
    ) {
        text.withUnsafeBufferPointer { buffer in
            prefix.withUnsafeBufferPointer { prefix in
                var hash = Hash()
                for byte in prefix { hash.add(byte) }
                for end in start..<max(start, min(buffer.count, start + longest - prefix.count)) {
                    hash.add(buffer[end])
                    let token = UnsafeBufferPointer(rebasing: buffer[start...end])
                    if let id = find(prefix, token, hash) { body(end + 1 - start, id) }
                }
            }
        }
    }

    /// The token's bytes; empty where no token has the id.
    func bytes(of id: Int) -> ArraySlice<UInt8> {
        guard places.indices.contains(id) else { return [] }
        return bytes[Int(places[id].lowerBound)..<Int(places[id].upperBound)]
    }

    /// The token as text; bytes that are not UTF-8 are replaced.
    func token(_ id: Int) -> String { String(decoding: bytes(of: id), as: UTF8.self) }

    private func find(_ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>, _ hash: Hash) -> Int? {
        if table.isEmpty { return nil }
        var slot = hash.slot(in: table.count)
        while table[slot].id >= 0 {
            let id = Int(table[slot].id)
            if table[slot].tag == hash.tag, isToken(id, first, second) { return id }
            slot = (slot + 1) & (table.count - 1)
        }
        return nil
    }

    private func isToken(_ id: Int, _ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>) -> Bool {
        let place = places[id]
        guard place.count == first.count + second.count else { return false }
        return bytes.withUnsafeBufferPointer { all in
            let start = Int(place.lowerBound)
            return first.indices.allSatisfy { all[start + $0] == first[$0] }
                && second.indices.allSatisfy { all[start + first.count + $0] == second[$0] }
        }
    }

    private mutating func link(_ id: Int) {
        var hash = Hash()
        for byte in bytes(of: id) { hash.add(byte) }
        var slot = hash.slot(in: table.count)
        while table[slot].id >= 0 { slot = (slot + 1) & (table.count - 1) }
        table[slot] = Slot(id: Int32(id), tag: hash.tag)
    }

    private mutating func grow() {
        table = Array(repeating: Slot(id: -1, tag: 0), count: max(64, table.count * 2))
        for id in places.indices where !places[id].isEmpty { link(id) }
    }

    private struct Slot {
        /// -1 where the slot is free.
        let id: Int32
        /// Other bits of the hash, so that most tokens that are not meant are passed without a look at their bytes.
        let tag: UInt32
    }

    /// FNV-1a, which can be continued byte by byte, with a final mix for the table's low bits.
    private struct Hash {
        private var state: UInt64 = 0xCBF2_9CE4_8422_2325

        mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }

        var tag: UInt32 { UInt32(truncatingIfNeeded: state) }

        func slot(in count: Int) -> Int {
            let mixed = (state ^ (state >> 32)) &* 0x9E37_79B9_7F4A_7C15
            return Int(truncatingIfNeeded: mixed >> 32) & (count - 1)
        }
    }
}

extension Unicode.Scalar {
    /// The scalar's UTF-8.
    var utf8Bytes: [UInt8] { Array(UTF8.encode(self) ?? UTF8.encodedReplacementCharacter) }
}

extension Collection<Unicode.Scalar> {
    /// The bytes of these scalars in UTF-8 and, for each byte, the index of its scalar from 0; the count of scalars
    /// comes last.
    var utf8WithPlaces: (bytes: [UInt8], scalarAt: [Int]) {
        var bytes: [UInt8] = []
        var scalarAt: [Int] = []
        for (index, scalar) in enumerated() {
            let encoded = scalar.utf8Bytes
            bytes += encoded
            scalarAt += repeatElement(index, count: encoded.count)
        }
        return (bytes, scalarAt + [count])
    }
}
