import Encoders
import FIxLIPProtocol
import Tokenizers

extension ModelLease {
    /// - Parameter index: where the text stands in the request, for the error.
    /// - Throws: `ApplicationError` of kind `textInvalid`.
    func tokenize(_ text: String, index: Int? = nil) throws -> Tokenization {
        do throws(TokenizerError) {
            return try model.loaded.tokenizer.tokenize(text)
        } catch {
            throw ApplicationError(.textInvalid, "\(error)", index: index)
        }
    }

    /// What the text tower needs of a tokenized text.
    /// - Parameter players: the positions that can be absent, ascending.
    /// - Throws: `ApplicationError` of kind `modelCorrupt` when the weight file was changed since the model was
    ///   loaded, of kind `textInvalid` where the ids are no input for the model: a text so long that a word stands
    ///   where the model pools, say.
    func prepare(_ tokenization: Tokenization, players: [Int]) throws -> PreparedText {
        do throws(EncodeError) {
            return try model.loaded.prepare(ids: tokenization.ids, players: players)
        } catch .weights(let reason) {
            throw ApplicationError(.modelCorrupt, reason)
        } catch .ids(let reason) {
            throw ApplicationError(.textInvalid, reason)
        }
    }
}

extension Tokenize.Tokens {
    init(_ tokenization: Tokenization) {
        self.init(
            ids: tokenization.ids, tokens: tokenization.tokens,
            offsets: tokenization.offsets.map { [$0.lowerBound, $0.upperBound] },
            players: tokenization.players.map {
                Tokenize.Player(token: $0.token, start: $0.start, end: $0.end, ids: $0.ids)
            }, truncated: tokenization.truncated)
    }
}
