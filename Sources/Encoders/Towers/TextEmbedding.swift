import Tensors

/// From token ids to the text tower's first states.
struct TextEmbedding: Sendable {
    let configuration: TextConfiguration
    /// `[vocabulary, hidden]`, read row by row where it lies: large, and little of it is ever used.
    private let table: SourceTensor
    /// `[positions, hidden]`, with the embedding of the first segment's kind where there is one.
    private let positions: [Float]
    /// Normalises the embedded tokens before the first block.
    private let norm: LayerNorm?
    private let first: TransformerBlock?

    init(
        _ source: any TensorSource, _ traits: TextTraits, _ configuration: TextConfiguration,
        first block: TransformerBlock?
    ) throws(ModelError) {
        self.configuration = configuration
        self.first = block
        let hidden = configuration.transformer.hidden
        table = try source.tensor(
            "text_model.embeddings.token_embedding.weight", shape: [configuration.vocabulary, hidden])
        let reader = WeightReader(source: source, prefix: "text_model.embeddings.", format: .f32)
        let first = configuration.firstPosition
        var positions = Array(
            try reader.floats("position_embedding.weight", configuration.positionRows, hidden)[
                (first * hidden)..<(first + configuration.positions) * hidden])
        if traits.hasTokenTypes {
            let types = try reader.floats("token_type_embedding.weight", configuration.tokenTypes, hidden)
            for index in positions.indices { positions[index] += types[index % hidden] }
        }
        self.positions = positions
        norm =
            traits.normalizesEmbeddings
            ? try reader.norm("layer_norm", hidden, epsilon: configuration.transformer.epsilon) : nil
    }

    var bytes: Int { 4 * positions.count }

    /// - Parameter ids: at most as many as there are positions, each below the vocabulary's size.
    /// - Throws: ``EncodeError/weights(reason:)``, ``EncodeError/compute(reason:)``.
    func callAsFunction(_ context: ComputeContext, ids: [Int]) throws(EncodeError) -> TokenStates {
        let states = try rows(ids)
        do {
            if let norm { try context.layerNorm(norm, states, rows: ids.count, into: states) }
            return try TokenStates(context, hidden: states, tokens: ids.count, first: first)
        } catch {
            throw .compute(reason: error.description)
        }
    }

    /// `[tokens, hidden]`: token and position embeddings, added.
    private func rows(_ ids: [Int]) throws(EncodeError) -> Rows {
        let hidden = configuration.transformer.hidden
        let states = Rows(capacity: ids.count, columns: hidden)
        let values = states.floats
        for (position, id) in ids.enumerated() {
            let row: [Float]
            do {
                row = try table.floats(id * hidden..<(id + 1) * hidden)
            } catch {
                throw .weights(reason: error.description)
            }
            for i in 0..<hidden {
                values[position * hidden + i] = row[i] + positions[position * hidden + i]
            }
        }
        return states
    }
}
