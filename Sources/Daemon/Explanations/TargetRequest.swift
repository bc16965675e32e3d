import Encoders
import Foundation
import Tokenizers

/// An input and its factor in its side.
struct WeightedInput: Sendable {
    let input: OpenRequest.Input
    /// The parameter that chooses its players.
    let parameter: String
    let weight: Double
}

/// What an image or a text is to be compared with, where that is not a single input.
package struct TargetRequest: Sendable {
    enum Against: Sendable { case runnerUp, others }

    enum Form: Sendable {
        case embedding([Float])
        /// - players: nil where the texts are to be one fixed vector.
        case texts([(text: String, weight: Double)], players: PlayerGrouping?)
        case classes([ClassPrompts], index: Int, against: Against)
    }

    let form: Form

    /// The most texts of a sum that have players.
    static let mostTexts = 64
    /// The square of a length below which a vector is nothing but rounding.
    static let leastLength = 1e-10

    /// The inputs that are to be masked.
    var inputs: [WeightedInput] {
        guard case .texts(let texts, let players?) = form else { return [] }
        return texts.map { WeightedInput(input: .text($0.text, players), parameter: "target", weight: $0.weight) }
    }

    /// - Parameter dimension: of the model's embeddings.
    /// - Throws: `ParameterError` that names the member at fault.
    func check(dimension: Int) throws(ParameterError) {
        switch form {
        case .embedding(let vector):
            guard vector.count == dimension else {
                throw ParameterError(
                    "target.embedding",
                    "has \(vector.count) numbers, and embeddings of this model have \(dimension); "
                        + "take a vector of the same model")
            }
            guard vector.allSatisfy(\.isFinite) else {
                throw ParameterError("target.embedding", "has a number that is not finite")
            }
            guard vector.contains(where: { $0 != 0 }) else {
                throw ParameterError("target.embedding", "is all zeros, which has no direction")
            }
        case .texts(let texts, let players):
            guard !texts.isEmpty else { throw ParameterError("target.texts", "must not be empty") }
            if players == nil {
                try ParameterLimit.items.check(count: texts.count, "target.texts", "texts")
            } else if texts.count > Self.mostTexts {
                throw ParameterError(
                    "target.texts",
                    "has \(texts.count) texts with players; at most \(Self.mostTexts) are taken. "
                        + "With \"players\": \"none\" there may be more")
            }
            if let wrong = texts.firstIndex(where: { !$0.weight.isFinite || $0.weight == 0 || abs($0.weight) > 1e6 }) {
                throw ParameterError(
                    "target.texts[\(wrong)].weight",
                    "must be a number other than 0, of at most a million; it is \(texts[wrong].weight)")
            }
        case .classes(let classes, let index, _):
            try ClassPrompts.check(classes, "target.classes")
            guard classes.count >= 2 else {
                throw ParameterError("target.classes", "needs another class for the one to be set against")
            }
            guard classes.indices.contains(index) else {
                throw ParameterError(
                    "target.class", "must be from 0 to \(classes.count - 1), one of the classes; it is \(index)")
            }
        }
    }
}

/// What a target came to.
struct ResolvedTarget: Sendable {
    /// What of it is fixed; nil where all of it has players.
    let fixed: [Float]?
    /// How often a text's logit is in it; nil where it has nothing of texts.
    let textWeight: Double?
    let description: ExplainedTarget
}

/// Turns targets into vectors.
struct TargetResolver: Sendable {
    let embedder: Embedder
    let classes: ClassVectors

    /// - Parameter first: the embedding of the whole first input, which tells the runner-up among classes.
    func resolve(_ request: TargetRequest, beside first: [Float], _ model: HeldModel) async throws -> ResolvedTarget {
        switch request.form {
        case .embedding(let vector):
            return ResolvedTarget(
                fixed: vector.normalized, textWeight: nil,
                description: ExplainedTarget(kind: .embedding, label: "a stored vector"))
        case .texts(let texts, let players):
            let description = ExplainedTarget(kind: .texts, label: Self.label(texts))
            let weight = texts.reduce(0) { $0 + $1.weight }
            guard players == nil else {
                return ResolvedTarget(fixed: nil, textWeight: weight, description: description)
            }
            let rows: [[Float]?]
            do {
                rows = try await embedder.encode(
                    texts.map(\.text), with: model, normalize: true, onFailure: .fails
                ).rows
            } catch let error as ApplicationError where error.index != nil {
                throw error.of("target.texts")
            }
            return ResolvedTarget(
                fixed: Self.sum(zip(rows, texts).map { ($0 ?? [], $1.weight) }), textWeight: weight,
                description: description)
        case .classes(let classes, let index, let against):
            return try await resolve(classes, index, against, beside: first, model)
        }
    }

    private func resolve(
        _ prompts: [ClassPrompts], _ index: Int, _ against: TargetRequest.Against, beside first: [Float],
        _ model: HeldModel
    ) async throws -> ResolvedTarget {
        let vectors = try await classes.vectors(of: prompts, model, embedder, parameter: "target.classes")
        let scale = Double(model.loaded.logitScale)
        let logits = vectors.map { scale * innerProduct(first[...], $0[...]) }
        let largest = logits.max() ?? 0
        let powers = logits.map { exp($0 - largest) }
        let total = powers.reduce(0, +)
        let others = logits.indices.filter { $0 != index }
        var parts: [([Float], Double)] = [(vectors[index], 1)]
        let rather: String
        switch against {
        case .runnerUp:
            let second = others.max { logits[$0] < logits[$1] } ?? index
            parts.append((vectors[second], -1))
            rather = prompts[second].name
        case .others:
            let rest = others.map { logits[$0] }.max() ?? 0
            let shares = others.map { exp(logits[$0] - rest) }
            let sum = shares.reduce(0, +)
            for (other, share) in zip(others, shares) { parts.append((vectors[other], -share / sum)) }
            rather = "the others"
        }
        return ResolvedTarget(
            fixed: Self.sum(parts), textWeight: 0,
            description: ExplainedTarget(
                kind: .classes, label: "\(prompts[index].name) rather than \(rather)", rather: rather,
                probability: powers[index] / total))
    }

    private static func sum(_ parts: [([Float], Double)]) -> [Float] {
        var sum = [Double](repeating: 0, count: parts.first?.0.count ?? 0)
        for (vector, weight) in parts {
            for (k, value) in vector.enumerated() { sum[k] += weight * Double(value) }
        }
        return sum.map(Float.init)
    }

    /// `a dog rather than a cat`, `a dog + 0.5 · a cat`.
    private static func label(_ texts: [(text: String, weight: Double)]) -> String {
        let (one, other) = (texts.filter { $0.weight > 0 }, texts.filter { $0.weight < 0 })
        if texts.count == 2, let a = one.first, let b = other.first, a.weight == -b.weight {
            return "\(a.text) rather than \(b.text)"
        }
        return texts.enumerated().map { index, part in
            let size = abs(part.weight) == 1 ? part.text : String(format: "%g · %@", abs(part.weight), part.text)
            return index == 0 ? (part.weight < 0 ? "− " : "") + size : (part.weight < 0 ? " − " : " + ") + size
        }.joined()
    }
}

extension [Float] {
    /// The same direction with length 1.
    var normalized: [Float] {
        // The largest becomes 1 first, so that no square leaves the range.
        let largest = map(abs).max() ?? 0
        guard largest > 0 else { return self }
        let scaled = map { Double($0) / Double(largest) }
        let length = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return scaled.map { Float($0 / length) }
    }
}
