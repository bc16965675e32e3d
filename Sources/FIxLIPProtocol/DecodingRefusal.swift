import JSON
import ShownText

extension Decoder {
    /// The error of a value that is none of those the parameter takes.
    /// - Parameters:
    ///   - choices: what it takes, as a client writes it: `"all", "none" or {"top": k}`.
    ///   - word: what was given, where that was a string.
    func refusal(_ choices: String, not word: String? = nil) -> DecodingError {
        .dataCorrupted(
            .init(
                codingPath: codingPath,
                debugDescription: "must be \(choices)" + (word.map { "; it is \"\($0.excerpt)\"" } ?? "")))
    }
}
