/// One method of the protocol: its name and the shapes of what goes in and what comes back.
public protocol RequestMethod: Sendable {
    associatedtype Parameters: Codable & Sendable
    associatedtype Result: Codable & Sendable
    static var name: String { get }
}

/// The methods that clients may ask for, but `shutdown`, which has neither parameters nor a result.
public let requestMethods: [any RequestMethod.Type] = [
    Initialize.self, Discover.self, ServerPing.self, ServerStatus.self, ServerStop.self, ModelsLoad.self,
    ModelsList.self,
    ModelsUnload.self, Tokenize.self, EmbedImage.self, EmbedText.self, Similarity.self, DocumentCaptions.self,
    Explain.self,
    ExplanationOpen.self, ExplanationRefine.self, ExplanationStop.self, ExplanationValues.self,
    ExplanationCondition.self,
    ExplanationSubset.self, ExplanationCompare.self, ExplanationEvaluate.self, ExplanationCoalitions.self,
    ExplanationRender.self,
    ExplanationExport.self, ExplanationImport.self, ExplanationList.self, ExplanationClose.self,
]

/// The parameters of a method that takes none.
public struct NoParameters: Codable, Sendable {
    public init() {}

    private enum CodingKeys: CodingKey {}

    /// Opens the object, so that members that are there are seen not to be known.
    public init(from decoder: any Decoder) throws {
        _ = try decoder.container(keyedBy: CodingKeys.self)
    }
}

/// The result of a method that only acknowledges.
public struct Acknowledgement: Codable, Sendable, Equatable {
    public init() {}
}

/// A parameter with a fixed set of words; a wrong one is answered with the list.
public protocol Choice: RawRepresentable, Codable, Sendable, CaseIterable where RawValue == String {}

extension Choice {
    public init(from decoder: any Decoder) throws {
        let word = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(rawValue: word) else { throw decoder.refusal("one of \(Self.words)", not: word) }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    static var words: String { allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ") }
}
