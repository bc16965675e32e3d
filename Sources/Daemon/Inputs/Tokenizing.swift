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
