/// The fields of a message in the wire format of protocol buffers (protobuf.dev/programming-guides/encoding), in the
/// order in which they stand.
struct ProtocolBuffer {
    enum Value {
        case integer(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    /// The message ends inside a field, or holds something that no field begins with.
    struct Malformed: Error {}

    private var rest: ArraySlice<UInt8>

    init(_ message: ArraySlice<UInt8>) { rest = message }

    /// The next field; nil at the end of the message.
    mutating func next() throws(Malformed) -> (number: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let tag = try integer()
        guard tag >> 3 != 0, let number = Int(exactly: tag >> 3) else { throw Malformed() }
        switch tag & 7 {
        case 0: return (number, .integer(try integer()))
        case 1: return (number, .fixed64(try littleEndian(bytes: 8)))
        case 2:
            guard let length = Int(exactly: try integer()), length <= rest.count else { throw Malformed() }
            defer { rest = rest.dropFirst(length) }
            return (number, .bytes(rest.prefix(length)))
        case 5: return (number, .fixed32(UInt32(try littleEndian(bytes: 4))))
        default: throw Malformed()
        }
    }

    /// A number in groups of seven bits, the lowest first.
    private mutating func integer() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw Malformed() }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw Malformed()
    }

    private mutating func littleEndian(bytes count: Int) throws(Malformed) -> UInt64 {
        guard rest.count >= count else { throw Malformed() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
