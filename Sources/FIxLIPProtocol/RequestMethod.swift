// FIxLIPProtocol: the messages of the contract in protocol/ as types. Most are generated; what has several forms is
// written here by hand.

/// One method of the protocol: its name and the shapes of what goes in and what comes back.
package protocol RequestMethod: Sendable {
    associatedtype Parameters: Codable & Sendable
    associatedtype Result: Codable & Sendable
    static var name: String { get }
}

/// The parameters of a method that takes none.
package struct NoParameters: Codable, Sendable {
    package init() {}

    private enum CodingKeys: CodingKey {}

    /// Opens the object, so that members that are there are seen not to be known.
    package init(from decoder: any Decoder) throws {
        _ = try decoder.container(keyedBy: CodingKeys.self)
    }
}

/// A parameter with a fixed set of words; a wrong one is answered with the list.
package protocol Choice: RawRepresentable, Codable, Sendable, CaseIterable where RawValue == String {}

extension Choice {
    package init(from decoder: any Decoder) throws {
        let word = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(rawValue: word) else { throw decoder.refusal("one of \(Self.words)", not: word) }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    static var words: String { allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ") }
}
