import Encoders

/// A class by its prompts.
struct ClassPrompts: Sendable, Hashable {
    let name: String
    let prompts: [String]

    /// - Throws: `ParameterError` that names the member of `parameter` at fault.
    static func check(_ classes: [ClassPrompts], _ parameter: String) throws(ParameterError) {
        guard !classes.isEmpty else { throw ParameterError(parameter, "must not be empty") }
        guard classes.count <= ParameterLimit.classes.greatest else {
            throw ParameterError(
                parameter,
                "has \(classes.count) classes; a request may have \(ParameterLimit.classes.greatest): "
                    + "leave out those that are not candidates"
            )
        }
        if let wrong = classes.firstIndex(where: \.prompts.isEmpty) {
            throw ParameterError("\(parameter)[\(wrong)].prompts", "must not be empty: a class is what its prompts say")
        }
        let prompts = classes.reduce(0) { $0 + $1.prompts.count }
        guard prompts <= ParameterLimit.prompts.greatest else {
            throw ParameterError(
                parameter,
                "have \(prompts) prompts together; a request may have \(ParameterLimit.prompts.greatest): "
                    + "give fewer templates")
        }
    }
}

/// The vectors of classes, kept while their model is warm: the mean of the prompts' embeddings of length 1, scaled to
/// length 1, as CLIP's zero-shot classifiers are made.
package final class ClassVectors: Sendable {
    private struct Key: Hashable {
        let model: GameModel
        let prompts: [String]
    }

    private let recent = RecentValues<Key, [Float]>(limit: 64 << 20)

    package init() {}

    /// - Returns: one vector of length 1 for each class.
    /// - Throws: `ParameterError` on `parameter` where the prompts of a class cancel; what encoding throws.
    func vectors(
        of classes: [ClassPrompts], _ model: HeldModel, _ embedder: Embedder, parameter: String
    ) async throws -> [[Float]] {
        let keys = classes.map { Key(model: model.gameModel, prompts: $0.prompts) }
        var known = keys.map { recent.value(of: $0) }
        let missing = known.indices.filter { known[$0] == nil }
        guard !missing.isEmpty else { return known.compactMap(\.self) }
        let prompts = missing.flatMap { classes[$0].prompts }
        let rows: [[Float]?]
        do {
            rows = try await embedder.encode(prompts, with: model, normalize: true, onFailure: .fails).rows
        } catch let error as ApplicationError where error.index != nil {
            throw error.of(parameter)
        }
        var next = 0
        for index in missing {
            let count = classes[index].prompts.count
            var sum = [Double](repeating: 0, count: model.loaded.dimension)
            for row in rows[next..<next + count] {
                for (k, value) in (row ?? []).enumerated() { sum[k] += Double(value) }
            }
            next += count
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            guard length > 1e-5 * Double(count) else {
                throw ParameterError("\(parameter)[\(index)].prompts", "cancel each other: their mean has no direction")
            }
            let vector = sum.map { Float($0 / length) }
            known[index] = vector
            let bytes = 4 * vector.count + keys[index].prompts.reduce(64) { $0 + $1.utf8.count + 16 }
            recent.keep(vector, bytes: bytes, for: keys[index])
        }
        return known.compactMap(\.self)
    }

    /// Forgets everything: the classes of a model that is not warm any more.
    package func forget() { recent.removeAll() }
}
