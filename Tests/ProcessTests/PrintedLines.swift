import FIxLIPProtocol
import JSON

/// Lines of JSON that commands print, in types of their own where they are no result of the protocol.
extension Decodable {
    init(printed line: some StringProtocol) throws { self = try JSONValue(parsing: String(line)).decode(Self.self) }

    /// One value for each line.
    static func all(in output: String) throws -> [Self] {
        try output.split(separator: "\n").map { try Self(printed: $0) }
    }
}

/// A line of a batch's results.
struct BatchLine: Decodable {
    struct PairError: Decodable {
        let kind: String?
        let message: String
    }

    struct Sides: Decodable {
        struct Image: Decodable {
            let count: Int
            let boxes: [[Double]]?
        }

        let image: Image?
    }

    let id: JSONValue?
    /// Of a line that no pair could be read from.
    let line: Int?
    let error: PairError?
    let seed: JSONValue?
    let imageMasks: Int?
    let textMasks: Int?
    let values: Values?
    let players: Sides?
}

/// A line of `fixlipd evaluate`.
struct EvaluationLine: Decodable {
    struct Row: Decodable {
        let p: Double?
        let sampling: String?
        let players: String?
        let measures: ExplanationEvaluate.Faithfulness

        private enum CodingKeys: CodingKey { case p, sampling, players }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            p = try members.decodeIfPresent(Double.self, forKey: .p)
            sampling = try members.decodeIfPresent(String.self, forKey: .sampling)
            players = try members.decodeIfPresent(String.self, forKey: .players)
            measures = try ExplanationEvaluate.Faithfulness(from: decoder)
        }
    }

    let id: JSONValue
    let image: String?
    let error: String?
    let imageMasks: Int?
    let faithfulness: [Row]?
    let insertionDeletion: ExplanationEvaluate.Curves?
    let pointingGame: Double?
    let mapCorrelation: Double?
}

/// A line of `fixlipd embed`.
struct EmbeddingLine: Decodable {
    let embedding: [Double]?
    let error: String?
}
