import JSON
import ShownText

/// An error reply. Handlers throw it; clients receive it.
package struct RPCError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The codes of JSON-RPC 2.0 (section 5.1), of the Language Server Protocol, and the two application codes that
    /// the connection itself gives.
    package enum Code {
        package static let parseError = -32700
        package static let invalidRequest = -32600
        package static let methodNotFound = -32601
        package static let invalidParams = -32602
        package static let internalError = -32603
        package static let requestCancelled = -32800
        package static let overloaded = 1011
        package static let shuttingDown = 1012
    }

    package var code: Int
    /// What was wrong, in at most about 1,000 characters: what a client sent is not sent back whole.
    package let message: String
    package var data: JSONValue?

    package init(code: Int, message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message.excerpt
        self.data = data
    }

    package var description: String { "\(message) (error \(code))" }

    package static func parseError(_ message: String) -> RPCError {
        RPCError(code: Code.parseError, message: message)
    }

    package static func invalidRequest(_ message: String) -> RPCError {
        RPCError(code: Code.invalidRequest, message: message)
    }

    package static func methodNotFound(_ method: String) -> RPCError {
        RPCError(code: Code.methodNotFound, message: "there is no method '\(method)'")
    }

    /// The error of a notification that came as a request.
    static func isNotification(_ method: String) -> RPCError {
        RPCError(
            code: Code.methodNotFound, message: "'\(method)' is a notification and has no reply: send it without an id")
    }

    /// The message names the parameter and says what it must be.
    package static func invalidParams(_ message: String) -> RPCError {
        RPCError(code: Code.invalidParams, message: message)
    }

    package static func internalError(_ message: String) -> RPCError {
        RPCError(code: Code.internalError, message: message)
    }

    package static let requestCancelled = RPCError(
        code: Code.requestCancelled, message: "the request was cancelled")

    package static func overloaded(_ message: String) -> RPCError {
        RPCError(
            code: Code.overloaded, message: message,
            data: ["kind": "overloaded", "message": .string(message), "retryable": true])
    }

    package static let shuttingDown = RPCError(
        code: Code.shuttingDown, message: "the daemon is stopping",
        data: ["kind": "shuttingDown", "message": "the daemon is stopping"])
}

/// An error that says itself how it is told to a client. Handlers may throw such errors as they are.
package protocol RPCErrorConvertible: Error {
    var rpcError: RPCError { get }
}

extension RPCError {
    /// What a client is told about an error that a handler of `method` threw.
    init(thrown error: any Error, by method: String) {
        switch error {
        case let error as RPCError: self = error
        case let error as any RPCErrorConvertible: self = error.rpcError
        case is CancellationError: self = .requestCancelled
        default: self = .internalError("internal error in '\(method)': \(error)")
        }
    }

    /// The `error` member of a reply.
    package var json: JSONValue {
        var members: JSONValue = ["code": .integer(Int64(code)), "message": .string(message)]
        if let data, case .object(var object) = members {
            object["data"] = data
            members = .object(object)
        }
        return members
    }

    /// Reads the `error` member of a reply.
    package init?(json: JSONValue) {
        guard let code = json["code"]?.int, let message = json["message"]?.string else { return nil }
        self.init(code: code, message: message, data: json["data"])
    }
}
