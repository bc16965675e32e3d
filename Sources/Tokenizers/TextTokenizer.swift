/// Turns a text into the token ids that a text encoder was trained on.
///
/// Values are immutable and may be used from several threads at once.
public protocol TextTokenizer: Sendable {
    /// The tokens of `text`, with special tokens, truncated to `positions` and padded where the model pads.
    ///
    /// Time is linear in the text's length, up to the logarithm of its longest word.
    /// - Throws: `TokenizerError.textInvalid` for a text of more than 2^16 Unicode scalars, or one that the model
    ///   refuses.
    func tokenize(_ text: String) throws(TokenizerError) -> Tokenization

    /// The longest sequence given to the model, special tokens included.
    var positions: Int { get }

    /// The number of tokens known, added tokens included.
    var vocabularySize: Int { get }

    /// The largest id that `tokenize` can give. An embedding table needs more rows than this.
    var maxId: Int { get }
}
