import ShownText

/// The entries of a zip archive, found by its central directory (PKWARE's APPNOTE.TXT 6.3.10, 4.3 and 4.5.3).
///
/// Only stored entries can be read, which is how PyTorch writes: their bytes are a range of the file.
struct ZipDirectory {
    struct Entry {
        let isStored: Bool
        let size: Int
        let header: Int
    }

    /// The longest central directory that is read: some hundred thousand entries.
    private static let longest = 32 << 20

    private let file: WeightFile
    private let start: Int
    let entries: [String: Entry]

    /// - Throws: ``WeightFileError/malformedPickle(file:reason:)`` for what is not a whole archive.
    init(_ file: WeightFile) throws(WeightFileError) {
        self.file = file
        func broken(_ reason: String) -> WeightFileError { .malformedPickle(file: file.path, reason: reason) }
        // The record at the end is 22 bytes long and followed by a comment of at most 65,535.
        let tailStart = max(0, file.size - 22 - 65_535)
        let tail = Bytes(try file.bytes(tailStart..<file.size))
        guard
            let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: {
                tail.number($0, 4) == 0x0605_4b50
            })
        else { throw broken("it is not a zip archive with a pickle, as torch.save writes, or it was cut short") }
        var count = tail.number(end + 10, 2) ?? 0
        var size = tail.number(end + 12, 4) ?? 0
        var start = tail.number(end + 16, 4) ?? 0
        if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF, tail.number(end - 20, 4) == 0x0706_4b50 {
            guard let place = tail.number(end - 20 + 8, 8), place <= file.size - 56 else {
                throw broken("its zip64 record lies outside the file")
            }
            let record = Bytes(try file.bytes(place..<place + 56))
            guard record.number(0, 4) == 0x0606_4b50, let count64 = record.number(32, 8),
                let size64 = record.number(40, 8), let start64 = record.number(48, 8)
            else { throw broken("its zip64 record is damaged") }
            (count, size, start) = (count64, size64, start64)
        }
        guard size <= Self.longest, start <= file.size - size else {
            throw broken("its directory of \(size) bytes lies outside the file, or is too long")
        }
        self.start = start
        let directory = Bytes(try file.bytes(start..<start + size))
        var entries: [String: Entry] = [:]
        var next = 0
        for _ in 0..<min(count, size / 46) {
            guard directory.number(next, 4) == 0x0201_4b50, let flags = directory.number(next + 8, 2),
                let method = directory.number(next + 10, 2), let stored = directory.number(next + 20, 4),
                let whole = directory.number(next + 24, 4), let nameLength = directory.number(next + 28, 2),
                let extraLength = directory.number(next + 30, 2), let commentLength = directory.number(next + 32, 2),
                let header = directory.number(next + 42, 4),
                let name = directory.slice(next + 46, nameLength),
                let extra = directory.slice(next + 46 + nameLength, extraLength)
            else { throw broken("its directory is damaged") }
            let large = Self.large(Bytes(extra), whole: whole, stored: stored, header: header)
            guard let large else { throw broken("its directory is damaged") }
            guard
                entries.updateValue(
                    Entry(
                        isStored: method == 0 && flags & 1 == 0 && large.whole == large.stored, size: large.whole,
                        header: large.header), forKey: String(decoding: name, as: UTF8.self)) == nil
            else { throw broken("two of its entries have one name") }
            next += 46 + nameLength + extraLength + commentLength
        }
        self.entries = entries
    }

    /// Sizes and place of an entry, with those of the zip64 field where the directory's own have no room for them.
    private static func large(
        _ extra: Bytes, whole: Int, stored: Int, header: Int
    ) -> (whole: Int, stored: Int, header: Int)? {
        var values = [whole, stored, header]
        guard values.contains(0xFFFF_FFFF) else { return (whole, stored, header) }
        var next = 0
        while let kind = extra.number(next, 2), let length = extra.number(next + 2, 2) {
            if kind == 1 {
                var place = next + 4
                for index in values.indices where values[index] == 0xFFFF_FFFF {
                    guard let value = extra.number(place, 8) else { return nil }
                    values[index] = value
                    place += 8
                }
                return (values[0], values[1], values[2])
            }
            next += 4 + length
        }
        return nil
    }

    /// Where an entry's bytes are.
    /// - Throws: ``WeightFileError/malformedPickle(file:reason:)`` for a compressed entry, and one outside the file.
    func range(of name: String) throws(WeightFileError) -> Range<Int> {
        func broken(_ reason: String) -> WeightFileError {
            .malformedPickle(file: file.path, reason: "its entry \(name.quotedName) \(reason)")
        }
        guard let entry = entries[name] else { throw broken("is missing") }
        guard entry.isStored else { throw broken("is compressed, which PyTorch never does") }
        guard entry.header <= file.size - 30 else { throw broken("lies outside the file") }
        let header = Bytes(try file.bytes(entry.header..<entry.header + 30))
        guard header.number(0, 4) == 0x0403_4b50, let nameLength = header.number(26, 2),
            let extraLength = header.number(28, 2)
        else { throw broken("has a damaged header") }
        let first = entry.header + 30 + nameLength + extraLength
        guard first <= start, entry.size <= start - first else { throw broken("lies outside the file") }
        return first..<first + entry.size
    }
}

/// Bytes read at places that need not exist.
struct Bytes {
    private let values: [UInt8]

    init(_ values: some Sequence<UInt8>) { self.values = Array(values) }

    var count: Int { values.count }

    /// The little-endian number of `length` bytes at `place`; nil outside of them, and beyond `Int`.
    func number(_ place: Int, _ length: Int) -> Int? {
        guard let bytes = slice(place, length) else { return nil }
        let value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(exactly: value)
    }

    func slice(_ place: Int, _ length: Int) -> ArraySlice<UInt8>? {
        guard place >= 0, length >= 0, place <= values.count, length <= values.count - place else { return nil }
        return values[place..<place + length]
    }
}
