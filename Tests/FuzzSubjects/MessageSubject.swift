import FIxLIPProtocol
import JSON
import JSONRPC

/// A message is read as a connection reads it, the parameters of each request as its method's handler reads them;
/// whatever is refused is refused with an error that can be sent.
func readMessage(_ bytes: [UInt8]) {
    let limits = RPCServerConfiguration()
    switch IncomingMessage(parsing: bytes, limits: limits.json, maximumBatch: limits.maximumBatch) {
    case .unreadable(let error): checkError(error, id: .null)
    case .single(let item): readItem(item)
    case .batch(let items):
        precondition(!items.isEmpty && items.count <= limits.maximumBatch, "a batch of \(items.count)")
        for item in items { readItem(item) }
    }
}

private func readItem(_ item: IncomingItem) {
    switch item {
    case .response: break
    case .invalid(let id, let error): checkError(error, id: id)
    case .notification(let method, let params): readParameters(of: method, params)
    case .request(let id, let method, let params):
        let reply = try? JSONValue(parsing: OutgoingMessage.result(.null, id: id))
        precondition(reply?["id"].flatMap { RequestID($0) } == id, "the reply to \(id) has another id")
        readParameters(of: method, params)
    }
}

private func readParameters(of name: String, _ params: JSONValue?) {
    for method in requestMethods where method.name == name { readParameters(of: method, params) }
}

private func readParameters<Method: RequestMethod>(of method: Method.Type, _ params: JSONValue?) {
    do throws(RPCError) {
        // Clients of LSP send `initialize` members of their own.
        let isStrict = Method.name != Initialize.name
        _ = try decodeParams(Method.Parameters.self, from: params, of: Method.name, strict: isStrict)
    } catch {
        precondition(error.code == RPCError.Code.invalidParams, "parameters are refused with \(error)")
        checkError(error, id: .null)
    }
}

/// What a client is told can be written, and says what was meant.
private func checkError(_ error: RPCError, id: RequestID) {
    let reply = try? JSONValue(parsing: OutgoingMessage.error(error, id: id))
    precondition(reply?["id"].flatMap { RequestID($0) } == id, "the error for \(id) has another id")
    precondition(reply?["error"]?["code"]?.int == error.code, "the error \(error) is told as another")
}
