import JSON
import Tensors

/// Text towers of BERT's kind: two-sided attention, norms after attention and MLP (Devlin et al. 2019).
enum BERTTextTower {
    /// - Parameter projection: from the first token's state to the embedding.
    static func traits(
        projection: ProjectionTraits?, pooling: TextTraits.Pooling = .firstPosition, finalNorm: String? = nil
    ) -> TextTraits {
        TextTraits(
            attention: .full, pooling: pooling, isPadded: false, normalizesEmbeddings: true, hasTokenTypes: true,
            finalNorm: finalNorm, projection: projection)
    }

    /// The sizes of a `text_config`.
    /// - Parameters:
    ///   - firstPosition: the row of the position table that is the first token's: 0 for BERT; RoBERTa's kind begins
    ///     after the id of padding.
    ///   - tokenTypes: rows of the table of segments' kinds, unless the file says so.
    static func configuration(
        _ reader: ConfigurationReader, default standard: TransformerConfiguration, vocabulary: Int, positions: Int,
        firstPosition: Int, tokenTypes: Int
    ) throws(ModelError) -> TextConfiguration {
        var transformer = try reader.transformer(default: standard)
        transformer.normPlacement = .after
        let kind = try reader.string("position_embedding_type") ?? "absolute"
        guard kind == "absolute" else {
            throw reader.unsupported("position_embedding_type", "\"\(kind)\" is not supported; \"absolute\" is")
        }
        let rows = try reader.size("max_position_embeddings", default: positions)
        guard rows > firstPosition else {
            throw reader.fails("max_position_embeddings", "\(rows) leaves no position after padding's")
        }
        return TextConfiguration(
            transformer: transformer, vocabulary: try reader.size("vocab_size", default: vocabulary),
            positions: rows - firstPosition, firstPosition: firstPosition,
            tokenTypes: try reader.size("type_vocab_size", default: tokenTypes))
    }

    private static let blockNames = [
        "self_attn.q_proj": "attention.self.query", "self_attn.k_proj": "attention.self.key",
        "self_attn.v_proj": "attention.self.value", "self_attn.out_proj": "attention.output.dense",
        "layer_norm1": "attention.output.LayerNorm", "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense",
        "layer_norm2": "output.LayerNorm",
    ]
    private static let embeddingNames = [
        "token_embedding": "word_embeddings", "position_embedding": "position_embeddings", "layer_norm": "LayerNorm",
        "token_type_embedding": "token_type_embeddings",
    ]

    /// A tensor's name in transformers' BERT layout.
    /// - Parameters:
    ///   - name: in CLIP's layout.
    ///   - prefix: what stands before `embeddings.` and `encoder.` in the file, such as `text_model.`.
    static func tensorName(_ name: String, prefix: String) -> String {
        guard let part = name.removing(prefix: "text_model.") else { return name }
        let words = part.split(separator: ".").map(String.init)
        if words.first == "embeddings", words.count == 3, let layer = embeddingNames[words[1]] {
            return "\(prefix)embeddings.\(layer).\(words[2])"
        }
        if words.count >= 5, words[0] == "encoder",
            let layer = blockNames[words[3..<words.count - 1].joined(separator: ".")]
        {
            return "\(prefix)encoder.layer.\(words[2]).\(layer).\(words[words.count - 1])"
        }
        return name
    }
}
