import OrderedCollections

extension JSONValue {
    /// The JSON form of an `Encodable` value. Members keep the order in which the type writes them.
    /// - Throws: `JSONError.unrepresentable` for an integer above `Int64.max`; whatever the value's own `encode` throws.
    public init(encoding value: some Encodable) throws {
        self = try encodeValue(value, path: [])
    }
}

/// What one value has written so far; a reference because `Encoder`'s containers outlive the call that made them.
/// Confined to one `JSONValue(encoding:)` call.
private final class Slot {
    enum Content {
        case empty
        case value(JSONValue)
        case members(OrderedDictionary<String, Slot>)
        case elements([Slot])
    }
    var content: Content = .empty

    var value: JSONValue {
        switch content {
        case .empty: .object([:])
        case .value(let value): value
        case .members(let members): .object(members.mapValues(\.value))
        case .elements(let elements): .array(elements.map(\.value))
        }
    }
}

private struct ValueEncoder: Encoder {
    let slot: Slot
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .members = slot.content {} else { slot.content = .members([:]) }
        return KeyedEncodingContainer(MemberWriter<Key>(slot: slot, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .elements = slot.content {} else { slot.content = .elements([]) }
        return ElementWriter(slot: slot, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ScalarWriter(slot: slot, codingPath: codingPath)
    }
}

private struct MemberWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: Slot
    let codingPath: [any CodingKey]

    private func child(_ key: Key) -> Slot {
        let child = Slot()
        if case .members(var members) = slot.content {
            slot.content = .empty
            members[key.stringValue] = child
            slot.content = .members(members)
        }
        return child
    }

    func encodeNil(forKey key: Key) throws { child(key).content = .value(.null) }
    func encode(_ value: some Encodable, forKey key: Key) throws {
        child(key).content = .value(try encodeValue(value, path: codingPath + [key]))
    }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        ValueEncoder(slot: child(key), codingPath: codingPath + [key]).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        ValueEncoder(slot: child(key), codingPath: codingPath + [key]).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { ValueEncoder(slot: slot, codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder {
        ValueEncoder(slot: child(key), codingPath: codingPath + [key])
    }
}

private struct ElementWriter: UnkeyedEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]

    var count: Int { if case .elements(let elements) = slot.content { elements.count } else { 0 } }

    private func child() -> Slot {
        let child = Slot()
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
        child().content = .value(try encodeValue(value, path: path))
    }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        ValueEncoder(slot: child(), codingPath: codingPath).container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        ValueEncoder(slot: child(), codingPath: codingPath).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { ValueEncoder(slot: slot, codingPath: codingPath) }
}

private struct ScalarWriter: SingleValueEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey]
    func encodeNil() throws { slot.content = .value(.null) }
    func encode(_ value: some Encodable) throws {
        slot.content = .value(try encodeValue(value, path: codingPath))
    }
}

/// Scalars and arrays of numbers, of which results mostly consist, skip the containers.
private func encodeValue(_ value: some Encodable, path: [any CodingKey]) throws -> JSONValue {
    switch value {
    case let value as JSONValue: return value
    case let value as String: return .string(value)
    case let value as Bool: return .bool(value)
    case let value as Double: return .real(value)
    case let value as Float: return .real(Double(value))
    case let value as [Float]: return .array(value.map { .real(Double($0)) })
    case let value as [Double]: return .array(value.map { .real($0) })
    case let value as [Float?]: return .array(value.map { $0.map { .real(Double($0)) } ?? .null })
    case let value as [Double?]: return .array(value.map { $0.map { .real($0) } ?? .null })
    case let value as [Int]: return .array(value.map { .integer(Int64($0)) })
    case let value as any FixedWidthInteger:
        guard let fitting = Int64(exactly: value) else {
            throw JSONError.unrepresentable(reason: "'\(pathText(path))' is an integer beyond 64 bits")
        }
        return .integer(fitting)
    default:
        let slot = Slot()
        try value.encode(to: ValueEncoder(slot: slot, codingPath: path))
        return slot.value
    }
}

extension JSONValue: Encodable {
    public func encode(to encoder: any Encoder) throws {
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
