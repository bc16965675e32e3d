import JSON
import ShownText

/// Handles a request; what it returns is the result, what it throws the error reply. Runs in a task of its own, which
/// is cancelled when the client cancels the request, disconnects, or the server stops.
package typealias RequestHandler = @Sendable (JSONValue?, RequestContext) async throws -> JSONValue

/// The methods a server answers, by name.
package struct MethodTable: Sendable {
    /// Requests that the connection answers itself.
    package static let builtInRequests: Set<String> = ["shutdown"]
    /// Notifications that are acted on, by the connection itself.
    package static let clientNotifications: Set<String> = ["exit", "initialized", "$/cancelRequest", "$/setTrace"]
    /// Notifications that a connection sends.
    package static let serverNotifications: Set<String> = ["$/progress", "$/logTrace", "window/logMessage"]

    private var requests: [String: RequestHandler] = [:]
    /// Requests whose handlers begin on the event loop.
    private var prompt: Set<String> = []

    package init() {}

    /// The names of all requests, the built-in ones among them.
    package var requestNames: Set<String> { Self.builtInRequests.union(requests.keys) }

    /// - Precondition: the method is neither built in nor registered.
    package mutating func onRequest(_ method: String, _ handler: @escaping RequestHandler) {
        precondition(!requestNames.contains(method), "the method '\(method)' is registered twice")
        requests[method] = handler
    }

    /// Registers a handler with typed params and result. Params that do not decode are error -32602, which names the
    /// parameter; absent params decode as an empty object.
    /// - Parameters:
    ///   - strict: whether a parameter that `Params` does not know is an error too.
    ///   - prompt: whether the handler has its answer at hand. It then runs up to its first wait where the request
    ///     was read, and
    ///     other connections wait meanwhile: two changes of threads less for one that takes microseconds.
    package mutating func onRequest<Params: Decodable & Sendable, Result: Encodable & Sendable>(
        _ method: String, strict: Bool = true, prompt isPrompt: Bool = false,
        _ handler: @escaping @Sendable (Params, RequestContext) async throws -> Result
    ) {
        if isPrompt { prompt.insert(method) }
        onRequest(method) { params, context in
            let decode = { @Sendable in try decodeParams(Params.self, from: params, of: method, strict: strict) }
            let decoded = try await params?.isLarge == true ? Threads.onJSON(decode) : decode()
            let result = try await handler(decoded, context)
            if let small = try JSONValue(encoding: result, upTo: JSONValue.fewValues) { return small }
            return try await Threads.onJSON { try JSONValue(encoding: result) }
        }
    }

    func isPrompt(_ method: String) -> Bool { prompt.contains(method) }

    /// The handler of a method; names are compared by their bytes.
    func request(_ method: String) -> RequestHandler? {
        guard let index = requests.index(forKey: method), requests[index].key.hasSameBytes(as: method) else {
            return nil
        }
        return requests[index].value
    }
}

/// Reads the params of `method`. None, and an array of none, which some clients always send, are an object without
/// members.
/// - Throws: `RPCError` -32602, which names the parameter.
package func decodeParams<Params: Decodable>(
    _ type: Params.Type, from params: JSONValue?, of method: String, strict: Bool = true
) throws(RPCError) -> Params {
    do throws(JSONError) {
        return try (params == nil || params == [] ? [:] : params ?? [:]).decode(type, strict: strict)
    } catch {
        var answer = RPCError.invalidParams("invalid params of '\(method)': \(error)")
        if let parameter = error.path {
            answer.data = ["parameter": .string(parameter.excerpt), "message": .string(answer.message)]
        }
        throw answer
    }
}
