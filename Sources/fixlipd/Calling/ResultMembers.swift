import FIxLIPProtocol
import JSON

/// The daemon's result lacks what a command prints.
struct IncompleteResult: Error, CustomStringConvertible {
    let method: String
    let member: String
    var description: String { "the daemon's reply to '\(method)' has no '\(member)'" }
}

/// A caption in which the model's tokenizer finds nothing: there is nothing to explain the match by.
struct WordlessCaption: Error, CustomStringConvertible {
    var description: String { "the caption has no words that the model reads" }
}

extension JSONValue {
    /// A member that the result of `method` must have.
    func required(_ member: String, of method: String) throws(IncompleteResult) -> JSONValue {
        guard let value = self[member] else { throw IncompleteResult(method: method, member: member) }
        return value
    }

    /// Whether the explanation that `method` gave is of a caption with words.
    func hasWords(of method: String) throws(IncompleteResult) -> Bool {
        guard let players = try required("players", of: method)["text"]?.array else {
            throw IncompleteResult(method: method, member: "players.text")
        }
        return !players.isEmpty
    }
}

extension RequestMethod {
    /// - Throws: `UnreadableResult`.
    static func result(_ json: JSONValue) throws(UnreadableResult) -> Result {
        do throws(JSONError) {
            return try json.decode(Result.self)
        } catch {
            throw UnreadableResult(method: name, error: error)
        }
    }
}

/// The daemon's result is not what the method gives.
struct UnreadableResult: Error, CustomStringConvertible {
    let method: String
    let error: JSONError

    var description: String {
        if case .missing(let member) = error { return "the daemon's reply to '\(method)' has no '\(member)'" }
        return "the daemon's reply to '\(method)' cannot be read: \(error)"
    }
}
