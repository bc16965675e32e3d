import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

/// What the daemon refused, told to somebody who typed options and never saw a parameter.
struct RefusedRequest: Error, CustomStringConvertible {
    let description: String

    init(_ error: RPCError) {
        let isAboutParameters = [RPCError.Code.invalidParams, ErrorKind.budgetInvalid.rawValue].contains(error.code)
        description = isAboutParameters ? error.messageForUsers : "\(error.messageForUsers) (error \(error.code))"
    }
}

/// A caption in which the model's tokenizer finds nothing: there is nothing to explain the match by.
struct WordlessCaption: Error, CustomStringConvertible {
    var description: String { "the caption has no words that the model reads" }
}

extension RPCError {
    /// What the protocol puts into an error's `data`.
    struct Facts: Decodable {
        var kind: String?
        var retryable: Bool?
        /// The path of the parameter at fault.
        var parameter: String?
    }

    var facts: Facts? { data.flatMap { try? $0.decode(Facts.self) } }

    /// The message with options in the place of the parameters that they set.
    var messageForUsers: String {
        var text = message
        if let range = text.range(of: #"^invalid params of '[a-z/]+': "#, options: .regularExpression) {
            text.removeSubrange(range)
        }
        for (parameter, option) in Self.optionsOfParameters {
            text = text.replacing("'\(parameter)'", with: option)
            if text.hasPrefix(parameter + " ") { text = option + text.dropFirst(parameter.count) }
        }
        return text
    }

    /// Longer paths first, so that none is taken for the beginning of another.
    private static let optionsOfParameters = [
        ("budget.imageMasks", "--budget"), ("budget.textMasks", "--text-masks"),
        ("players.image.regions", "--regions"), ("players.image.grid.rows", "--grid"),
        ("players.image.grid.columns", "--grid"), ("players.image.grid", "--grid"),
        ("players.image", "--grid or --regions"),
        ("players.text", "--tokens"),
        ("until.standardError", "--until"), ("deadlineMilliseconds", "--deadline"),
        ("standardErrors", "--standard-errors"), ("keepAlive", "--keep-alive"), ("topK", "--top"),
        ("budget", "--budget"), ("estimator", "--estimator"), ("sampling", "--sampling"),
        ("precision", "--precision"), ("encoding", "--encoding"), ("masking", "--masking"), ("samples", "--samples"),
        ("paired", "--paired"),
        ("prior", "--prior"), ("metric", "--metric"), ("index", "--index"), ("order", "--order"),
        ("pairs", "--pairs"),
        ("model", "--model"), ("seed", "--seed"), ("view", "--view"), ("player", "--player"), ("p", "--p"),
    ]
}
