import Encoders
import Foundation
import JSON

/// The small models with the reference libraries' numbers.
struct Fixture: Sendable {
    static let names = ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"]

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    /// The built-in model, which has more than nine patches.
    static let demo = URL(fileURLWithPath: root).appendingPathComponent("../../models/demo").standardized.path

    let name: String
    var folder: String { "\(Self.root)/\(name)" }

    struct ExpectedText {
        let text: String
        let ids: [Int]
        let embedding: [Float]
        let cosine: Float
        let logit: Float
    }

    func expected() throws -> JSONValue { try JSONValue(contentsOf: "\(folder)/expected.json") }

    func expectedTexts() throws -> [ExpectedText] {
        try (expected()["texts"]?.array ?? []).map { text in
            ExpectedText(
                text: text["text"]!.string!, ids: text["ids"]!.array!.map { $0.int! },
                embedding: text["embedding"]!.floats,
                cosine: Float(text["cosine"]!.double!), logit: Float(text["logit"]!.double!))
        }
    }

    /// Player positions as the design defines them for each family.
    func players(_ ids: [Int], _ model: LoadedModel) -> [Int] {
        switch name {
        case "siglip-small": ids.indices.filter { ids[$0] != 1 }
        case "siglip2-small": ids.indices.filter { ids[$0] > 1 }
        default: Array(1..<ids.firstIndex(of: ids.max()!)!)
        }
    }
}

extension JSONValue {
    var floats: [Float] { array!.map { Float($0.double!) } }
}

extension LoadedModel {
    func images(_ items: [ImageItem], normalize: Bool = true, workspace: EncoderWorkspace? = nil) throws -> [[Float]] {
        var result = [Float](repeating: 0, count: items.count * dimension)
        let workspace = try workspace ?? makeWorkspace()
        try result.withUnsafeMutableBufferPointer {
            try encodeImages(items, into: $0, workspace: workspace, normalize: normalize)
        }
        return items.indices.map { Array(result[$0 * dimension..<($0 + 1) * dimension]) }
    }

    func texts(_ items: [TextItem], normalize: Bool = true, workspace: EncoderWorkspace? = nil) throws -> [[Float]] {
        var result = [Float](repeating: 0, count: items.count * dimension)
        let workspace = try workspace ?? makeWorkspace()
        try result.withUnsafeMutableBufferPointer {
            try encodeTexts(items, into: $0, workspace: workspace, normalize: normalize)
        }
        return items.indices.map { Array(result[$0 * dimension..<($0 + 1) * dimension]) }
    }
}

func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

/// The largest difference, as a share of the largest expected value.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
    zip(found, expected).map { abs($0 - $1) }.max()! / expected.map(abs).max()!
}

/// The norm of all differences, as a share of the norm of all expected values.
func relativeError(_ found: [[Float]], _ expected: [[Float]]) -> Float {
    let differences = zip(found.joined(), expected.joined()).map { $0 - $1 }
    return (dot(differences, differences) / dot(Array(expected.joined()), Array(expected.joined()))).squareRoot()
}
