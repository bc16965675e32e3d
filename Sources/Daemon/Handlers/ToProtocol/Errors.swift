import FIxLIPProtocol
import JSON
import JSONRPC

extension ApplicationError: RPCErrorConvertible {
    package var rpcError: RPCError {
        var data: JSONValue = ["kind": .string(kind.name), "message": .string(message)]
        if case .object(var members) = data {
            if let index { members["index"] = .integer(Int64(index)) }
            if let list { members["of"] = .string(list) }
            if kind.isRetryable { members["retryable"] = true }
            data = .object(members)
        }
        return RPCError(code: kind.rawValue, message: message, data: data)
    }
}

extension ParameterError: RPCErrorConvertible {
    package var rpcError: RPCError {
        RPCError(
            code: RPCError.Code.invalidParams, message: description,
            data: ["parameter": .string(parameter), "message": .string(description)])
    }
}

extension ItemError {
    /// The error of an item whose index it knows.
    init(_ error: ApplicationError) {
        self.init(index: error.index ?? 0, code: error.kind.rawValue, kind: error.kind.name, message: error.message)
    }
}
