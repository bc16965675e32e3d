import FIxLIPProtocol
import JSON
import ShownText

/// An error a client is told, with its code from the protocol: what was wrong, and what to do.
package struct ApplicationError: Error, CustomStringConvertible {
    package let kind: ErrorKind
    package let message: String
    /// The index of the item at fault in a list of images or texts.
    package let index: Int?
    /// Which list the index counts in, where a request has two: `images` or `texts`.
    package let list: String?

    package init(_ kind: ErrorKind, _ message: String, index: Int? = nil, of list: String? = nil) {
        self.kind = kind
        self.message = message.excerpt
        self.index = index
        self.list = list
    }

    package var description: String { message }

    func at(index: Int) -> ApplicationError {
        ApplicationError(kind, message, index: index)
    }

    /// - Parameter list: which of the request's lists the item is in.
    func of(_ list: String) -> ApplicationError {
        ApplicationError(kind, message, index: index, of: list)
    }
}

/// A parameter that is not what it must be: JSON-RPC's −32602.
package struct ParameterError: Error, CustomStringConvertible {
    package let parameter: String
    package let message: String

    package init(_ parameter: String, _ message: String) {
        self.parameter = parameter.excerpt
        self.message = message.excerpt
    }

    package var description: String { "'\(parameter)' \(message)" }

    /// The same of a member of the parameter `object`, or of the request itself where that is nil.
    func within(_ object: String?) -> ParameterError {
        object.map { ParameterError("\($0).\(parameter)", message) } ?? self
    }
}

/// Checks members of the parameter `object`, which is nil where they are the request's own.
/// - Throws: `ParameterError` whose path begins at the request.
func checking<Value>(_ object: String?, _ check: () throws(ParameterError) -> Value) throws(ParameterError) -> Value {
    do throws(ParameterError) {
        return try check()
    } catch {
        throw error.within(object)
    }
}
