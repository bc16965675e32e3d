/// Where transformers' BERT and XLM-R keep a text tower.
enum BERTNames {
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
