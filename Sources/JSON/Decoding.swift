import OrderedCollections

extension JSONValue {
    /// Reads a `Decodable` type out of this value.
    ///
    /// With `strict`, a member that the type never asked for is an error: a misspelt parameter should be told, not
    /// ignored. An integer is accepted where a real is wanted, and `3.0` where an integer is.
    /// - Throws: `JSONError.mismatch`, `.refused`, `.missing` or `.unknown`, each naming the member by its path. The
    ///   description of a `DecodingError.dataCorrupted` that a type throws becomes the reason of a `.refused`.
    package func decode<Value: Decodable>(_ type: Value.Type, strict: Bool = false) throws(JSONError) -> Value {
        let unread = UnreadMembers()
        // The decoders that it lists know it, too.
        defer { unread.objects = [] }
        do {
            let value = try Value(from: ValueDecoder(value: self, unread: unread))
            if strict, let error = unread.error { throw error }
            return value
        } catch let error as JSONError {
            throw error
        } catch DecodingError.dataCorrupted(let context) {
            throw .refused(path: pathText(context.codingPath), reason: context.debugDescription)
        } catch {
            throw .mismatch(path: "", expected: "\(type)", found: "\(error)")
        }
    }
}

/// Which members of each object were asked for; owned by one `decode` call and confined to it.
private final class UnreadMembers {
    /// Values that were read as objects, outer ones first.
    var objects: [ValueDecoder] = []

    var error: JSONError? {
        for object in objects {
            let unknown = object.value.object?.keys.filter { !object.known.contains(MemberName($0)) } ?? []
            if !unknown.isEmpty {
                let path = pathText(object.codingPath)
                return .unknown(
                    paths: unknown.map { path.isEmpty ? $0 : "\(path).\($0)" }, known: object.known.map(\.text).sorted()
                )
            }
        }
        return nil
    }
}

/// One value on its way into a type. A class, so that each container of an object notes in one place what it asked for;
/// confined to one `decode` call.
private final class ValueDecoder: Decoder {
    let value: JSONValue
    private let parent: ValueDecoder?
    private let key: (any CodingKey)?
    let unread: UnreadMembers
    /// The members that the type asked for.
    var known: OrderedSet<MemberName> = []
    private var isObject = false

    init(value: JSONValue, in parent: ValueDecoder? = nil, at key: (any CodingKey)? = nil, unread: UnreadMembers) {
        self.value = value
        self.parent = parent
        self.key = key
        self.unread = unread
    }

    /// Put together when an error asks for it.
    var codingPath: [any CodingKey] {
        var path: [any CodingKey] = []
        var node: ValueDecoder? = self
        while let current = node {
            if let key = current.key { path.append(key) }
            node = current.parent
        }
        return path.reversed()
    }

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = value else { throw mismatch("an object") }
        if !isObject {
            isObject = true
            unread.objects.append(self)
        }
        return KeyedDecodingContainer(MemberContainer<Key>(members: members, decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch("an array") }
        return ElementContainer(elements: elements, decoder: self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { ScalarContainer(decoder: self) }

    func child(_ value: JSONValue, _ key: any CodingKey) -> ValueDecoder {
        ValueDecoder(value: value, in: self, at: key, unread: unread)
    }

    func mismatch(_ expected: String) -> JSONError {
        .mismatch(path: pathText(codingPath), expected: expected, found: value.kind)
    }

    func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
        guard value.double != nil else { throw mismatch("an integer") }
        guard let whole = value.int, let fitting = Value(exactly: whole) else {
            throw JSONError.mismatch(
                path: pathText(codingPath), expected: "a whole number from \(Value.min) to \(Value.max)",
                found: (try? value.text()) ?? value.kind)
        }
        return fitting
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        switch type {
        case is JSONValue.Type: if let result = value as? Value { return result }
        case is String.Type:
            guard let text = value.string else { throw mismatch("a string") }
            if let result = text as? Value { return result }
        case is Bool.Type:
            guard let flag = value.bool else { throw mismatch("a boolean") }
            if let result = flag as? Value { return result }
        case is Double.Type:
            guard let number = value.double else { throw mismatch("a number") }
            if let result = number as? Value { return result }
        case is Float.Type:
            guard let number = value.double else { throw mismatch("a number") }
            if let result = Float(number) as? Value { return result }
        case is any FixedWidthInteger.Type:
            if let integerType = type as? any FixedWidthInteger.Type,
                let result = try integer(integerType) as? Value
            {
                return result
            }
        case is [Int].Type: if let result = all(\.int) as? Value { return result }
        case is [Double].Type: if let result = all(\.double) as? Value { return result }
        case is [Float].Type: if let result = all({ $0.double.map(Float.init) }) as? Value { return result }
        case is [String].Type: if let result = all(\.string) as? Value { return result }
        default: break
        }
        return try Value(from: self)
    }

    /// The elements of an array without a container for each; nil where one is of another kind, which the long way then
    /// tells.
    private func all<Element>(_ read: (JSONValue) -> Element?) -> [Element]? {
        guard case .array(let elements) = value else { return nil }
        var result: [Element] = []
        result.reserveCapacity(elements.count)
        for element in elements {
            guard let element = read(element) else { return nil }
            result.append(element)
        }
        return result
    }
}

private struct MemberContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: JSONObject
    let decoder: ValueDecoder

    init(members: JSONObject, decoder: ValueDecoder) {
        self.members = members
        self.decoder = decoder
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { members.keys.compactMap { Key(stringValue: $0) } }

    private func member(_ key: Key) -> JSONValue? {
        decoder.known.append(MemberName(key.stringValue))
        return members[key.stringValue]
    }

    private func child(_ key: Key) throws -> ValueDecoder {
        guard let value = member(key) else { throw JSONError.missing(path: pathText(decoder.codingPath + [key])) }
        return decoder.child(value, key)
    }

    func contains(_ key: Key) -> Bool { member(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { member(key)?.isNull ?? true }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try child(key).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try child(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try child(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }
}

private struct ElementContainer: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let decoder: ValueDecoder
    private(set) var currentIndex = 0

    init(elements: [JSONValue], decoder: ValueDecoder) {
        self.elements = elements
        self.decoder = decoder
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    private mutating func next() throws -> ValueDecoder {
        guard currentIndex < elements.count else {
            throw JSONError.mismatch(
                path: pathText(decoder.codingPath), expected: "an array of more elements",
                found: "one of \(elements.count)")
        }
        defer { currentIndex += 1 }
        return decoder.child(elements[currentIndex], Position(intValue: currentIndex))
    }

    mutating func decodeNil() throws -> Bool {
        guard currentIndex < elements.count, elements[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }
    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next().unkeyedContainer()
    }
    mutating func superDecoder() throws -> any Decoder { decoder }
}

private struct ScalarContainer: SingleValueDecodingContainer {
    let decoder: ValueDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }
    func decodeNil() -> Bool { decoder.value.isNull }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decode(type) }
}

/// The place of an element in an array, as a coding key.
struct Position: CodingKey {
    let index: Int
    init(intValue: Int) { index = intValue }
    init?(stringValue: String) { nil }
    var stringValue: String { "\(index)" }
    var intValue: Int? { index }
}

/// `players.image.regions[3]`
func pathText(_ path: [any CodingKey]) -> String {
    path.reduce(into: "") { text, key in
        if let index = key.intValue {
            text += "[\(index)]"
        } else {
            text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
        }
    }
}

extension JSONValue: Decodable {
    /// Reads the value itself; only ``JSONValue/decode(_:strict:)`` may ask for it.
    package init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? ValueDecoder else {
            throw JSONError.unrepresentable(reason: "a JSONValue is read by JSONValue.decode only")
        }
        self = decoder.value
    }
}
