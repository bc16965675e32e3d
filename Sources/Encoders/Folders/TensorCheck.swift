extension ModelFolder {
    /// Looks for what is large in both towers: the embedding tables, and the matrices and norms of every block.
    /// - Throws: ``ModelError/weights(reason:)`` naming the first tensor that is missing or of another shape.
    func checkTensors() throws(ModelError) {
        let text = configuration.text
        let vision = configuration.vision
        try check("text_model.embeddings.token_embedding.weight", text.vocabulary, text.transformer.hidden)
        try check(
            "text_model.embeddings.position_embedding.weight", text.positionRows, text.transformer.hidden)
        try checkBlocks("text_model", text.transformer)
        let edge = vision.patchSize
        switch configuration.family.vision.patchLayout {
        case .convolution:
            try check("vision_model.embeddings.patch_embedding.weight", vision.transformer.hidden, 3, edge, edge)
        case .channelsLast:
            try check("vision_model.embeddings.patch_embedding.weight", vision.transformer.hidden, 3 * edge * edge)
        }
        try checkBlocks("vision_model", vision.transformer)
        let family = configuration.family
        if let projection = family.vision.projection {
            try check("\(projection.name).weight", configuration.dimension, vision.transformer.hidden)
        }
        if let projection = family.text.projection {
            let columns = (projection.inner ?? projection.activated)?.columns ?? text.transformer.hidden
            try check("\(projection.name).weight", configuration.dimension, columns)
        }
    }

    private func checkBlocks(_ tower: String, _ transformer: TransformerConfiguration) throws(ModelError) {
        let hidden = transformer.hidden
        let inner = transformer.intermediate
        for layer in 0..<transformer.layers {
            let block = "\(tower).encoder.layers.\(layer)."
            for norm in ["layer_norm1", "layer_norm2"] { try check(block + norm + ".weight", hidden) }
            for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                try check(block + "self_attn.\(part).weight", hidden, hidden)
            }
            for part in transformer.isGated ? ["mlp.gate", "mlp.fc1"] : ["mlp.fc1"] {
                try check(block + part + ".weight", inner, hidden)
            }
            try check(block + "mlp.fc2.weight", hidden, inner)
        }
    }

    private func check(_ name: String, _ shape: Int...) throws(ModelError) {
        guard let found = tensors.shape(name) else { throw .weights(reason: "\(files.path) has no tensor \"\(name)\"") }
        guard found == shape else {
            throw .weights(
                reason: "\(files.path): tensor \"\(name)\" has shape \(found), but the configuration calls for \(shape)"
            )
        }
    }
}
