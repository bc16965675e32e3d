import OrderedCollections

/// The members of a JSON object, in their order.
///
/// Names are told apart by their bytes, as RFC 8259, section 8.3, has it: `é` as one scalar and as two are two names,
/// which Swift's strings would take for one.
package struct JSONObject: Sendable {
    private var members: OrderedDictionary<MemberName, JSONValue>

    package init() { members = [:] }

    package init(minimumCapacity: Int) { members = OrderedDictionary(minimumCapacity: minimumCapacity) }

    /// An object of these members. Of two with one name the last counts, in the place of the first.
    package init(_ members: some Sequence<(String, JSONValue)>) {
        self.init()
        for (name, value) in members { self[name] = value }
    }

    private init(_ members: OrderedDictionary<MemberName, JSONValue>) { self.members = members }

    /// The member of this name; a new one comes last, and nil takes one away. Complexity: O(1), O(`count`) to take
    /// away.
    package subscript(name: String) -> JSONValue? {
        get { members[MemberName(name)] }
        set { members[MemberName(name)] = newValue }
    }

    @discardableResult
    package mutating func removeValue(forKey name: String) -> JSONValue? {
        members.removeValue(forKey: MemberName(name))
    }

    package var keys: [String] { members.keys.map(\.text) }

    package var values: some RandomAccessCollection<JSONValue> { members.values }

    package func filter(_ isIncluded: (Element) throws -> Bool) rethrows -> JSONObject {
        JSONObject(try members.filter { try isIncluded((key: $0.key.text, value: $0.value)) })
    }
}

extension JSONObject: RandomAccessCollection {
    package var startIndex: Int { members.elements.startIndex }
    package var endIndex: Int { members.elements.endIndex }

    package subscript(position: Int) -> (key: String, value: JSONValue) {
        let member = members.elements[position]
        return (member.key.text, member.value)
    }
}

extension JSONObject: Equatable {
    /// Whether the members are the same, in the same order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool { left.members == right.members }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

/// A name that is equal to another if its bytes are.
struct MemberName: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: MemberName, right: MemberName) -> Bool { left.text.hasSameBytes(as: right.text) }

    func hash(into hasher: inout Hasher) {
        hasher.combine(text.utf8.count)
        let isHashed: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isHashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
    }
}

extension String {
    /// Whether the UTF-8 of both is the same: `==` takes canonically equivalent texts for equal.
    package func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}
