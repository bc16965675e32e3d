import JSON
import Tensors
import Tokenizers

/// The text tower of an open_clip folder: open_clip's own, or transformers' BERT or XLM-R.
struct OpenCLIPText {
    let configuration: TextConfiguration
    let traits: TextTraits
    let tokenizer: TokenizerLoader.Family
    let padding: TextPadding
    let cleaning: TextCleaning
    /// Whether it is CLIP's own: causal, and read at its largest id.
    let isPlain: Bool

    /// - Parameters:
    ///   - top: `model_cfg`.
    ///   - shape: the shape of a tensor of the weights, by its name there.
    init(_ top: ConfigurationReader, shape: (String) -> [Int]?) throws(ModelError) {
        let reader = try top.tower("text_cfg")
        if let name = try reader.string("hf_model_name") {
            let tower = try Self.bert(reader, name: name, dimension: top.size("embed_dim", default: 512), shape: shape)
            (configuration, traits, tokenizer) = tower
            cleaning = try Self.cleaning(reader, default: .whitespace)
            padding = .none
            isPlain = false
            return
        }
        try reader.require(
            ConfigurationReader.plainBlocks.merging([
                "embed_cls": [.bool(false)], "proj_type": [.string("linear")], "text_arch": [.string("clip")],
                "final_ln_after_pool": [.bool(false)],
            ]) { $1 })
        let width = try reader.size("width", default: 512)
        let heads = try reader.size("heads", default: 8)
        guard width % heads == 0 else { throw reader.fails("heads", "\(heads) heads do not divide width \(width)") }
        configuration = TextConfiguration(
            transformer: TransformerConfiguration(
                hidden: width, intermediate: try reader.size("mlp_ratio", times: width, default: 4),
                layers: try reader.size("layers", default: 12), heads: heads, activation: try top.openCLIPActivation(),
                epsilon: 1e-5),
            vocabulary: try reader.size("vocab_size", default: 49408),
            positions: try reader.size("context_length", default: 77))
        let isCausal = try !reader.flag("no_causal_mask", default: false)
        let name = try reader.string("hf_tokenizer_name")
        tokenizer = try name.map { name throws(ModelError) in try Self.tokenizer(name, reader) } ?? .clip
        cleaning = try Self.cleaning(reader, default: name == nil ? .lower : .whitespace)
        let stripsEnd = try Self.stripsEnd(reader)
        let pooling = try Self.pooling(reader, isCausal: isCausal)
        // Nothing masks padding where tokens attend in both directions.
        switch (isCausal, tokenizer) {
        case (true, _) where !stripsEnd: padding = .none
        case (false, .clip) where !stripsEnd: padding = .zeros
        case (false, .bert) where stripsEnd: padding = .insteadOfEnd
        default:
            throw reader.fails(
                "no_causal_mask",
                "\(!isCausal) is not supported with the tokenizer \"\(name ?? "CLIP's")\""
                    + (stripsEnd ? " without its end token" : ""))
        }
        traits = TextTraits(
            attention: isCausal ? .causal : .full, pooling: pooling, isPadded: !isCausal,
            projection: try reader.flag("proj_bias", default: false)
                ? ProjectionTraits(name: "text_model.head", hasBias: true)
                : ProjectionTraits(name: "text_projection", hasBias: false))
        isPlain = isCausal && pooling == .largestId
    }

    private static func pooling(
        _ reader: ConfigurationReader, isCausal: Bool
    ) throws(ModelError) -> TextTraits.Pooling {
        switch try reader.string("pool_type") ?? "argmax" {
        case "argmax": return .largestId
        // Releases of open_clip up to 3.3 leave the id out: XLM-V's, which was the default.
        case "eos": return .token(id: try reader.integer("eos_id", default: 2))
        case "last" where !isCausal: return .lastPosition
        case let other:
            throw reader.fails(
                "pool_type",
                "\"\(other)\" is not supported; \"argmax\", \"eos\" and, without a causal mask, \"last\" are")
        }
    }

    private static func tokenizer(
        _ name: String, _ reader: ConfigurationReader
    ) throws(ModelError) -> TokenizerLoader.Family {
        let lowercase = name.lowercased()
        if lowercase.contains("xlm") { return .xlmRoberta }
        if lowercase.contains("bert"), !lowercase.contains("roberta") { return .bert }
        throw reader.unsupported(
            "hf_tokenizer_name",
            "\"\(name)\" is not supported; BERT's tokenizers (WordPiece) and those of XLM-R and XLM-V are")
    }

    private static func cleaning(
        _ reader: ConfigurationReader, default standard: TextCleaning
    ) throws(ModelError) -> TextCleaning {
        for (key, value) in reader.values["tokenizer_kwargs"]?.object ?? [:] {
            switch (key, value) {
            case ("strip_sep_token", _), ("clean", .null): continue
            case ("clean", .string("lower")): return .lower
            case ("clean", .string("whitespace")): return .whitespace
            case ("clean", .string("canonicalize")): return .canonicalize
            default: throw reader.fails("tokenizer_kwargs.\(key)", "the value \(value) is not supported")
            }
        }
        return standard
    }

    private static func stripsEnd(_ reader: ConfigurationReader) throws(ModelError) -> Bool {
        switch reader.values["tokenizer_kwargs"]?["strip_sep_token"] {
        case nil, .null, .bool(false): return false
        case .bool(true): return true
        case let other?: throw reader.fails("tokenizer_kwargs.strip_sep_token", "true or false is needed, not \(other)")
        }
    }

    /// transformers' BERT or XLM-R, whose sizes are those of the weights: the file names a model of the hub for them.
    private static func bert(
        _ reader: ConfigurationReader, name: String, dimension: Int, shape: (String) -> [Int]?
    ) throws(ModelError) -> (TextConfiguration, TextTraits, TokenizerLoader.Family) {
        let tower = "text.transformer."
        let tokenizer: TokenizerLoader.Family
        do {
            tokenizer = try Self.tokenizer(name, reader)
        } catch {
            throw reader.unsupported(
                "hf_model_name", "\"\(name)\" is not supported; text towers of BERT's and XLM-R's kinds are")
        }
        guard let table = shape(tower + "embeddings.word_embeddings.weight"), table.count == 2,
            let rows = shape(tower + "embeddings.position_embeddings.weight")?.first,
            let types = shape(tower + "embeddings.token_type_embeddings.weight")?.first,
            let intermediate = shape(tower + "encoder.layer.0.intermediate.dense.bias")?.first
        else {
            throw reader.fails("hf_model_name", "\"\(name)\": the weights have no such tower (\(tower)embeddings)")
        }
        // All of BERT's and XLM-R's published sizes have heads of 64 columns.
        guard table[1] % 64 == 0, table[1] > 0, table[0] > 0, intermediate > 0, types > 0 else {
            throw reader.fails(
                "hf_model_name", "\"\(name)\": the width \(table[1]) is not a multiple of 64, the columns of a head")
        }
        var layers = 0
        while shape("\(tower)encoder.layer.\(layers).output.dense.weight") != nil { layers += 1 }
        let isRoBERTa = tokenizer == .xlmRoberta
        var transformer = TransformerConfiguration(
            hidden: table[1], intermediate: intermediate, layers: layers, heads: table[1] / 64, activation: .gelu,
            epsilon: isRoBERTa ? 1e-5 : 1e-12)
        transformer.normPlacement = .after
        // RoBERTa's kind counts positions from behind the id of padding, which is 1.
        let first = isRoBERTa ? 2 : 0
        let positions = try reader.size("context_length", default: 77)
        guard layers >= 1, first + positions <= rows else {
            throw reader.fails(
                "context_length", "\(positions) positions are more than the weights' table of \(rows) has")
        }
        let configuration = TextConfiguration(
            transformer: transformer, vocabulary: table[0], positions: positions, firstPosition: first, tableRows: rows,
            tokenTypes: types)
        return (
            configuration,
            BERTTextTower.traits(
                projection: try projection(reader, from: table[1], to: dimension), pooling: try pooler(reader)),
            tokenizer
        )
    }

    private static func pooler(_ reader: ConfigurationReader) throws(ModelError) -> TextTraits.Pooling {
        switch try reader.string("hf_pooler_type") ?? "mean_pooler" {
        case "mean_pooler": return .mean
        case "cls_last_hidden_state_pooler": return .firstPosition
        case let other:
            throw reader.fails(
                "hf_pooler_type",
                "\"\(other)\" is not supported; \"mean_pooler\" and \"cls_last_hidden_state_pooler\" are")
        }
    }

    private static func projection(
        _ reader: ConfigurationReader, from width: Int, to dimension: Int
    ) throws(ModelError) -> ProjectionTraits? {
        let kind = reader.values["hf_proj_type"] == .null ? nil : try reader.string("hf_proj_type") ?? "mlp"
        switch kind {
        case nil where width == dimension: return nil
        case "linear": return ProjectionTraits(name: "text_model.proj", hasBias: false)
        case "mlp":
            return ProjectionTraits(
                name: "text_model.proj.2", hasBias: false,
                activated: ProjectionTraits.Inner(name: "text_model.proj.0", columns: (width + dimension) / 2))
        default:
            throw reader.fails(
                "hf_proj_type", "\"\(kind ?? "null")\" is not supported; \"mlp\" and \"linear\" are")
        }
    }
}
