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
}
