import JSON

/// One message as JSON-RPC 2.0 (sections 4 to 6) understands it: a single item or a batch.
package enum IncomingMessage: Sendable {
    case single(IncomingItem)
    case batch([IncomingItem])
    /// Not JSON, or a batch that is empty or too long: one error reply with a null id.
    case unreadable(RPCError)
}

/// One element of a message.
package enum IncomingItem: Sendable {
    case request(id: RequestID, method: String, params: JSONValue?)
    case notification(method: String, params: JSONValue?)
    /// A reply to a request of ours; the server sends none, so it means nothing.
    case response
    /// Not a request; replied to with the id where one can be read, else with null.
    case invalid(id: RequestID, RPCError)
}

extension IncomingMessage {
    package init(parsing bytes: [UInt8], limits: JSONLimits, maximumBatch: Int) {
        self.init(parsing: bytes, surveyed: JSONSurvey(bytes), limits: limits, maximumBatch: maximumBatch)
    }

    /// Parses a message that was looked over before; one that has too much in it is refused without being parsed, under
    /// its id where it has one.
    package init(parsing bytes: [UInt8], surveyed survey: JSONSurvey, limits: JSONLimits, maximumBatch: Int) {
        guard survey.elements <= maximumBatch else {
            self = .unreadable(
                .invalidRequest("a batch of \(survey.elements) is larger than the limit of \(maximumBatch)"))
            return
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes, surveyed: survey, limits: limits)
        } catch .tooLarge(let needed, let limit) {
            let error = RPCError.invalidRequest("\(JSONError.tooLarge(bytes: needed, limit: limit))")
            let id = survey.id(in: bytes).flatMap { RequestID($0) }
            self = id.map { .single(.invalid(id: $0, error)) } ?? .unreadable(error)
            return
        } catch {
            self = .unreadable(.parseError(error.description))
            return
        }
        guard case .array(let elements) = value else {
            self = .single(IncomingItem(value))
            return
        }
        if elements.isEmpty {
            self = .unreadable(.invalidRequest("a batch must not be empty"))
        } else {
            self = .batch(elements.map(IncomingItem.init))
        }
    }
}

extension IncomingItem {
    package init(_ value: JSONValue) {
        guard case .object(let members) = value else {
            self = .invalid(id: .null, .invalidRequest("a request must be an object, not \(value.kind)"))
            return
        }
        if members["method"] == nil, members["result"] != nil || members["error"] != nil {
            self = .response
            return
        }
        var id: RequestID?
        if let given = members["id"] {
            guard let read = RequestID(given) else {
                let problem =
                    given.double == nil
                    ? "not \(given.kind)" : "and no number beyond 64-bit integers: send it as a string"
                self = .invalid(id: .null, .invalidRequest("'id' must be a number or a string, \(problem)"))
                return
            }
            id = read
        }
        do throws(RPCError) {
            let (method, params) = try Self.call(members["jsonrpc"], members["method"], members["params"])
            if let id {
                self = .request(id: id, method: method, params: params)
            } else {
                self = .notification(method: method, params: params)
            }
        } catch {
            self = .invalid(id: id ?? .null, error)
        }
    }

    private static func call(
        _ version: JSONValue?, _ method: JSONValue?, _ params: JSONValue?
    ) throws(RPCError) -> (String, JSONValue?) {
        guard version == .string("2.0") else {
            throw .invalidRequest("'jsonrpc' must be \"2.0\"")
        }
        guard let method else { throw .invalidRequest("'method' is missing") }
        guard case .string(let name) = method else {
            throw .invalidRequest("'method' must be a string, not \(method.kind)")
        }
        switch params {
        case nil, .null: return (name, nil)  // Many LSP clients write a null for no params.
        case .object, .array: return (name, params)
        case let params?: throw .invalidRequest("'params' must be an object or an array, not \(params.kind)")
        }
    }
}
