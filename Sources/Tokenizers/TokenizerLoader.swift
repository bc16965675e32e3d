import Foundation

/// What fills up a text to the model's positions where nothing masks it, so that the model attends to it.
package enum TextPadding: Sendable, Equatable {
    case none
    /// Token 0, after the end token.
    case zeros
    /// The padding token, which stands for the end token too (open_clip's `strip_sep_token`).
    case insteadOfEnd
}

/// Loads the tokenizer of a model folder in the Hugging Face layout.
package enum TokenizerLoader {
    /// What kind of model a tokenizer is for; decides the files, the special tokens, the padding and the players.
    package enum Family: String, Sendable, CaseIterable {
        /// Byte-level BPE between beginning and end tokens, not padded.
        case clip
        /// SigLIP (unigram) and SigLIP2 (BPE with byte fallback), padded to the model's positions.
        case siglip
        /// BERT's WordPiece between `[CLS]` and `[SEP]`, not padded.
        case bert
        /// The unigram model of XLM-R and XLM-V between `<s>` and `</s>`, not padded.
        case xlmRoberta

        /// What the tokens of such a tokenizer are, as ``TextTokenizer/modelName`` says it.
        package var modelNames: [String] {
            switch self {
            case .clip: ["BPE"]
            case .siglip: ["unigram", "BPE"]
            case .bert: ["WordPiece"]
            case .xlmRoberta: ["unigram"]
            }
        }
    }

    /// Loads a tokenizer.
    ///
    /// - CLIP: `tokenizer.json`, else `vocab.json` with `merges.txt`.
    /// - SigLIP: `spiece.model`, else `tokenizer.json`; where `tokenizer_config.json` names a Gemma or SigLIP2
    ///   tokenizer, `tokenizer.json` alone.
    /// - BERT: `tokenizer.json`, else `vocab.txt`.
    /// - XLM-R: `tokenizer.json`.
    ///
    /// - Parameters:
    ///   - folder: the model folder.
    ///   - positions: the text model's `max_position_embeddings`.
    ///   - padding: what fills up texts, where the family's own tokenizer does not.
    ///   - cleaning: what is done to a text first, as open_clip does with the texts of its folders.
    ///   - isCancelled: asked every few milliseconds; then loading ends with ``TokenizerError/cancelled``.
    /// - Throws: `TokenizerError` with the file, and the place in it, that is at fault.
    package static func load(
        folder: String, family: Family, positions: Int, padding: TextPadding = .none, cleaning: TextCleaning = .none,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(TokenizerError) -> any TextTokenizer {
        let config = try TokenizerConfig(folder: folder)
        return switch family {
        case .clip:
            try CLIPTokenizer.load(
                folder: folder, config: config, positions: positions, padding: padding, cleaning: cleaning,
                isCancelled: isCancelled)
        case .siglip:
            try SigLIPTokenizer.load(
                folder: folder, config: config, positions: positions, cleaning: cleaning,
                isCancelled: isCancelled)
        case .bert:
            try BERTTokenizer.load(
                folder: folder, config: config, positions: positions, padding: padding, cleaning: cleaning,
                isCancelled: isCancelled)
        case .xlmRoberta:
            try BERTTokenizer.loadXLMR(
                folder: folder, config: config, positions: positions, cleaning: cleaning,
                isCancelled: isCancelled)
        }
    }

    static func exists(_ file: String) -> Bool { FileManager.default.fileExists(atPath: file) }
}
