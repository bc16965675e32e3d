// Tokenizers: from a text to the ids that a text tower was trained on, and to the players of a game on it.

/// Turns a text into the token ids that a text encoder was trained on.
///
/// Values are immutable and may be used from several threads at once.
package protocol TextTokenizer: Sendable {
    /// The tokens of `text`, whose scalars are given too.
    func tokenize(
        _ text: String, scalars: [Unicode.Scalar], checkpoint: Checkpoint
    ) throws(CancellationError) -> Tokenization

    /// The longest sequence given to the model, special tokens included.
    var positions: Int { get }

    /// The number of tokens known, added tokens included.
    var vocabularySize: Int { get }

    /// What kind of tokens it has: BPE, unigram or WordPiece.
    var modelName: String { get }

    /// The largest id that `tokenize` can give. An embedding table needs more rows than this.
    var maxId: Int { get }
}

extension TextTokenizer {
    /// The tokens of `text`, with special tokens, truncated to `positions` and padded where the model pads.
    ///
    /// Time is linear in the text's length, up to the logarithm of its longest word.
    /// - Throws: `TokenizerError.textInvalid` for a text of more than 2^16 Unicode scalars.
    package func tokenize(_ text: String) throws(TokenizerError) -> Tokenization {
        let scalars = try AlignedText.scalars(of: text)
        return Checkpoint.uncancelled { checkpoint throws(CancellationError) in
            try tokenize(text, scalars: scalars, checkpoint: checkpoint)
        }
    }

    /// As `tokenize(_:)`, and ends soon after `isCancelled`, which is asked every few milliseconds, says so.
    ///
    /// - Throws: `TokenizerError.textInvalid`, or `CancellationError`.
    package func tokenize(_ text: String, isCancelled: () -> Bool) throws -> Tokenization {
        let scalars = try AlignedText.scalars(of: text)
        return try Checkpoint.withQuestion(isCancelled) { checkpoint throws(CancellationError) in
            try tokenize(text, scalars: scalars, checkpoint: checkpoint)
        }
    }
}
