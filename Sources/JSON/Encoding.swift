import OrderedCollections

extension JSONValue {
    /// The JSON form of an `Encodable` value. Members keep the order in which the type writes them.
    /// - Throws: `JSONError.unrepresentable` for an integer above `Int64.max`; whatever the value's own `encode`
    ///   throws.
    package init(encoding value: some Encodable) throws {
        self = try ValueEncoder(slot: Slot(), codingPath: [], room: nil).encode(value, at: [])
    }

    /// The same, or nil once the form has more than `limit` values: so that one who must not take long can leave it to
    /// another.
    /// - Throws: as ``init(encoding:)``.
    package init?(encoding value: some Encodable, upTo limit: Int) throws {
        do {
            self = try ValueEncoder(slot: Slot(), codingPath: [], room: Room(values: limit)).encode(value, at: [])
        } catch is Room.Exceeded {
            return nil
        }
    }
}

/// How many values there may still be; confined to one `JSONValue(encoding:upTo:)` call.
private final class Room {
    struct Exceeded: Error {}

    private var left: Int

    init(values: Int) { left = values }

    func take(_ count: Int) throws {
        left -= count
        if left < 0 { throw Exceeded() }
    }
}

/// What one value has written so far; a reference because `Encoder`'s containers outlive the call that made them.
/// Confined to one `JSONValue(encoding:)` call.
private final class Slot {
    enum Content {
        case empty
        case value(JSONValue)
        case members(OrderedDictionary<MemberName, Slot>)
        case elements([Slot])
    }
    var content: Content = .empty

    var value: JSONValue {
        switch content {
        case .empty: .object([:])
        case .value(let value): value
        case .members(let members): .object(JSONObject(members.map { ($0.key.text, $0.value.value) }))
        case .elements(let elements): .array(elements.map(\.value))
        }
    }
}

private struct ValueEncoder: Encoder {
    let slot: Slot
    let codingPath: [any CodingKey]
    /// nil where there may be any number of values.
    let room: Room?
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .members = slot.content {} else { slot.content = .members([:]) }
        return KeyedEncodingContainer(MemberWriter<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .elements = slot.content {} else { slot.content = .elements([]) }
        return ElementWriter(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { ScalarWriter(encoder: self) }

    /// One for a member or an element of this value, or for this value again.
    func child(_ slot: Slot, at path: [any CodingKey]) -> ValueEncoder {
        ValueEncoder(slot: slot, codingPath: path, room: room)
    }

    /// The form of a value at `path`. Scalars and arrays of numbers, of which results mostly consist, skip the
    /// containers.
    func encode(_ value: some Encodable, at path: [any CodingKey]) throws -> JSONValue {
        try room?.take(1)
        switch value {
        case let value as JSONValue: return value
        case let value as String: return .string(value)
        case let value as Bool: return .bool(value)
        case let value as Double: return .real(value)
        case let value as Float: return .real(Double(value))
        case let value as [Float]: return try array(value) { .real(Double($0)) }
        case let value as [Double]: return try array(value) { .real($0) }
        case let value as [Float?]: return try array(value) { $0.map { .real(Double($0)) } ?? .null }
        case let value as [Double?]: return try array(value) { $0.map { .real($0) } ?? .null }
        case let value as [Int]: return try array(value) { .integer(Int64($0)) }
        case let value as any FixedWidthInteger:
            guard let fitting = Int64(exactly: value) else {
                throw JSONError.unrepresentable(reason: "'\(pathText(path))' is an integer beyond 64 bits")
            }
            return .integer(fitting)
        default:
            let slot = Slot()
            try value.encode(to: child(slot, at: path))
            return slot.value
        }
    }

    private func array<Element>(_ elements: [Element], _ form: (Element) -> JSONValue) throws -> JSONValue {
        try room?.take(elements.count)
        return .array(elements.map(form))
    }
}

private struct MemberWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: ValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    private func child(_ key: Key) -> Slot {
        let (slot, child) = (encoder.slot, Slot())
        if case .members(var members) = slot.content {
            slot.content = .empty
            members[MemberName(key.stringValue)] = child
            slot.content = .members(members)
        }
        return child
    }

    func encodeNil(forKey key: Key) throws { child(key).content = .value(.null) }
    func encode(_ value: some Encodable, forKey key: Key) throws {
        child(key).content = .value(try encoder.encode(value, at: codingPath + [key]))
    }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        encoder.child(child(key), at: codingPath + [key]).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.child(child(key), at: codingPath + [key]).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { encoder }
    func superEncoder(forKey key: Key) -> any Encoder {
        encoder.child(child(key), at: codingPath + [key])
    }
}

private struct ElementWriter: UnkeyedEncodingContainer {
    let encoder: ValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    var count: Int { if case .elements(let elements) = encoder.slot.content { elements.count } else { 0 } }

    private func child() -> Slot {
        let (slot, child) = (encoder.slot, Slot())
        if case .elements(var elements) = slot.content {
            slot.content = .empty
            elements.append(child)
            slot.content = .elements(elements)
        }
        return child
    }

    func encodeNil() throws { child().content = .value(.null) }
    func encode(_ value: some Encodable) throws {
        let path = codingPath + [Position(intValue: count)]
        child().content = .value(try encoder.encode(value, at: path))
    }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        encoder.child(child(), at: codingPath).container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        encoder.child(child(), at: codingPath).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { encoder }
}

private struct ScalarWriter: SingleValueEncodingContainer {
    let encoder: ValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }
    func encodeNil() throws { encoder.slot.content = .value(.null) }
    func encode(_ value: some Encodable) throws {
        encoder.slot.content = .value(try encoder.encode(value, at: codingPath))
    }
}

extension JSONValue: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .real(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object:
            guard let encoder = encoder as? ValueEncoder else {
                throw JSONError.unrepresentable(reason: "a JSONValue is written by JSONValue(encoding:) only")
            }
            encoder.slot.content = .value(self)
        }
    }
}
