import FIxLIPProtocol
import JSONRPC

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

extension DrawingRequest {
    /// - Parameter object: the parameter that holds the options.
    init(_ options: RenderOptions, at object: String) throws(ParameterError) {
        self = try checking(object) { () throws(ParameterError) in try DrawingRequest(options) }
    }
}

/// Runs `body`, whose parameters are members of the parameter `object`.
/// - Throws: `ParameterError` whose path begins at the request; what `body` throws.
func at<Value>(_ object: String, _ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as ParameterError {
        throw error.within(object)
    }
}
