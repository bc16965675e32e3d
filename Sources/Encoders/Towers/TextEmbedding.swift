import Tensors

/// From token ids to the text tower's first states.
struct TextEmbedding: Sendable {
    let configuration: TextConfiguration
    /// `[vocabulary, hidden]`, read row by row where it lies: large, and little of it is ever used.
    private let table: SourceTensor
    /// `[positions, hidden]`
    private let positions: [Float]
    private let first: TransformerBlock?

    init(
        _ source: any TensorSource, _ configuration: TextConfiguration, first: TransformerBlock?
    ) throws(ModelError) {
        self.configuration = configuration
        self.first = first
        let hidden = configuration.transformer.hidden
        table = try source.tensor(
            "text_model.embeddings.token_embedding.weight", shape: [configuration.vocabulary, hidden])
        positions = try source.tensor(
            "text_model.embeddings.position_embedding.weight", shape: [configuration.positions, hidden]
        ).floats()
    }

    var bytes: Int { 4 * positions.count }

    /// - Parameter ids: at most as many as there are positions, each below the vocabulary's size.
    /// - Throws: ``EncodeError/weights(reason:)``, ``EncodeError/compute(reason:)``.
    func callAsFunction(_ context: ComputeContext, ids: [Int]) throws(EncodeError) -> TokenStates {
        let states = try rows(ids)
        do {
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
