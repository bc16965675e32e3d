import Encoders
import Tokenizers

extension HeldModel {
    /// - Throws: `ApplicationError` of kind `textInvalid`; `CancellationError`.
    func tokenize(_ text: String, _ turn: WorkTurn) throws -> Tokenization {
        do {
            return try loaded.tokenizer.tokenize(text, isCancelled: turn.isCancelled)
        } catch let error as TokenizerError {
            throw ApplicationError(.textInvalid, "\(error)")
        }
    }

    /// What the text tower needs of a tokenized text.
    /// - Parameter players: the positions that can be absent, ascending.
    /// - Throws: `ApplicationError` of kind `modelCorrupt` when the weight file was changed since the model was
    ///   loaded, of kind `textInvalid` where the model cannot take the ids: a text so long that a word stands
    ///   where the model pools, say.
    func prepare(_ tokenization: Tokenization, players: [Int]) throws -> PreparedText {
        do throws(EncodeError) {
            return try loaded.prepare(ids: tokenization.ids, players: players)
        } catch .weights(let reason) {
            throw ApplicationError(.modelCorrupt, reason)
        } catch .ids(let reason) {
            throw ApplicationError(.textInvalid, reason)
        }
    }
}
