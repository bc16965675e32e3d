/// Bytes of kept state: little-endian numbers after a mark of four letters, and a checksum at the end.
struct StateWriter {
    private(set) var bytes: [UInt8]

    init(mark: String, capacity: Int = 0) {
        bytes = Array(mark.utf8)
        bytes.reserveCapacity(capacity)
    }

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ values: some Sequence<Float>) {
        for value in values { append(value.bitPattern) }
    }

    /// All bytes, with their checksum.
    consuming func finished() -> [UInt8] {
        append(checksum(bytes[...]))
        return bytes
    }
}

/// Reads what a ``StateWriter`` wrote, without trusting any size found in the bytes.
struct StateReader {
    private let bytes: [UInt8]
    private let end: Int
    private var offset: Int

    /// - Parameter name: what is read, for errors.
    /// - Throws: ``InteractionError/corruptState(_:)`` where the mark or the checksum is wrong.
    init(_ bytes: [UInt8], mark: String, name: String) throws(InteractionError) {
        guard bytes.count >= mark.utf8.count + 8, bytes.starts(with: mark.utf8) else {
            throw .corruptState("not \(name) (no header)")
        }
        end = bytes.count - 8
        guard read(UInt64.self, bytes, at: end) == checksum(bytes[..<end]) else {
            throw .corruptState("the checksum does not match: the file is damaged or cut off")
        }
        self.bytes = bytes
        offset = mark.utf8.count
    }

    /// Bytes that are left.
    var remaining: Int { end - offset }

    mutating func next<Value: FixedWidthInteger>(_ type: Value.Type) throws(InteractionError) -> Value {
        guard remaining >= MemoryLayout<Value>.size else { throw .corruptState("it ends early") }
        defer { offset += MemoryLayout<Value>.size }
        return read(type, bytes, at: offset)
    }

    mutating func floats(_ count: Int) throws(InteractionError) -> [Float] {
        guard count >= 0, count <= remaining / 4 else { throw .corruptState("it ends early") }
        defer { offset += 4 * count }
        return (0..<count).map { Float(bitPattern: read(UInt32.self, bytes, at: offset + 4 * $0)) }
    }
}

private func read<Value: FixedWidthInteger>(_ type: Value.Type, _ bytes: [UInt8], at offset: Int) -> Value {
    bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
}

/// FNV-1a, 64 bits.
private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}
