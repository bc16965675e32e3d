import JSON
import JSONRPC

extension RPCClient {
    /// Sends a request and waits for its result.
    /// - Parameters:
    ///   - timeout: how long to wait; then the request is cancelled.
    ///   - interrupt: an interrupt cancels the request and waits for the daemon to say so; a second one does not wait.
    ///   - watches: what may end the call too; then it is cancelled, and the daemon is waited for to say so.
    ///   - onProgress: gets each progress report of a refinement that comes meanwhile.
    /// - Throws: as the untyped `call`; `RPCClientError.malformed` for a result that is not of the method's type.
    package func call<Method: RequestMethod>(
        _ method: Method.Type, _ parameters: Method.Parameters, timeout: Duration? = nil,
        interrupt: InterruptWatch? = nil, watches: [any CallWatch] = [],
        onProgress: ((RefinementProgress) -> Void)? = nil
    ) throws(RPCClientError) -> Method.Result {
        let result = try call(
            Method.name, params: try Method.json(parameters), timeout: timeout, interrupt: interrupt, watches: watches
        ) { name, params in
            guard let onProgress, name == "$/progress", let value = params["value"],
                let progress = try? value.decode(RefinementProgress.self)
            else { return }
            onProgress(progress)
        }
        return try Method.result(from: result)
    }

    /// Sends a request of a method without parameters and waits for its result.
    /// - Throws: as ``call(_:_:timeout:interrupt:watches:onProgress:)``.
    package func call<Method: RequestMethod>(
        _ method: Method.Type, timeout: Duration? = nil, interrupt: InterruptWatch? = nil
    ) throws(RPCClientError) -> Method.Result where Method.Parameters == NoParameters {
        try call(method, NoParameters(), timeout: timeout, interrupt: interrupt)
    }

    /// Sends a request without waiting for its reply.
    /// - Returns: its number, which the reply carries; read the reply's value with `Method.result(from:)`.
    package func send<Method: RequestMethod>(
        _ method: Method.Type, _ parameters: Method.Parameters
    ) throws(RPCClientError) -> Int64 {
        try send(Method.name, params: try Method.json(parameters))
    }
}

extension RequestMethod {
    /// - Throws: `RPCClientError.malformed` for a result that is not of the method's type.
    package static func result(from json: JSONValue) throws(RPCClientError) -> Result {
        do throws(JSONError) {
            return try json.decode(Result.self)
        } catch .missing(let member) {
            throw .malformed("the daemon's reply to '\(name)' has no '\(member)'")
        } catch {
            throw .malformed("the daemon's reply to '\(name)' cannot be read: \(error)")
        }
    }

    fileprivate static func json(_ parameters: Parameters) throws(RPCClientError) -> JSONValue {
        do {
            return try JSONValue(encoding: parameters)
        } catch {
            throw .malformed("the params of '\(name)' cannot be written as JSON: \(error)")
        }
    }
}
