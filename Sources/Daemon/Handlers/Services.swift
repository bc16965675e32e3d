import Encoders
import FIxLIPProtocol
import JSON
import JSONRPC
import Logging

/// What handlers work with. Each part owns its own state.
struct Services: Sendable {
    let configuration: DaemonConfiguration
    let models: ModelPool
    let scheduler: EncodeScheduler
    let games: GameStore
    let explanations: ExplanationStore
    let images: ImageLoader
    /// Reads and decodes files.
    let files: WorkThreads
    /// Loads models.
    let loading: WorkThreads
    /// Reads and writes kept games.
    let archiving: WorkThreads
    /// Solves estimates.
    let solver: WorkThreads
    /// Work of milliseconds that would still hold others up on the cooperative pool: picking masks, products of
    /// embeddings.
    let arithmetic: WorkThreads
    let logger: Logger

    /// Holds a model while `body` uses it.
    func withModel<Value: Sendable>(
        _ name: String?, _ body: (ModelLease) async throws -> Value
    ) async throws -> Value {
        let lease = try await models.acquire(
            name ?? configuration.defaultModel, precision: nil, otherwise: Precision(configuration.precision))
        do {
            let value = try await body(lease)
            await models.release(lease)
            return value
        } catch {
            await models.release(lease)
            throw error
        }
    }
}

extension Precision {
    init(_ choice: PrecisionChoice) {
        switch choice {
        case .auto: self = .auto
        case .f32: self = .f32
        case .bf16: self = .bf16
        case .int8: self = .int8
        }
    }
}

extension MethodTable {
    /// Registers the handler of a method of the protocol. It and what it awaits run as `Client.current`.
    mutating func on<Method: RequestMethod>(
        _ method: Method.Type, strict: Bool = true, prompt: Bool = false,
        _ handler: @escaping @Sendable (Method.Parameters, RequestContext) async throws -> Method.Result
    ) {
        onRequest(Method.name, strict: strict, prompt: prompt) { (parameters: Method.Parameters, context) in
            try await Client.$current.withValue(context.connection) { try await handler(parameters, context) }
        }
    }
}

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
