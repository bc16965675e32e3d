import FIxLIPProtocol
import JSON
import JSONRPC

/// A message as its bytes say it, for tests of what stands on the wire; all others call typed methods.
struct WireMessage {
    let json: JSONValue

    init(parsing line: some StringProtocol) throws { json = try JSONValue(parsing: String(line)) }
    init(parsing bytes: [UInt8]) throws { json = try JSONValue(parsing: bytes) }

    /// `.null` where the daemon could not read it; nil where the message has none.
    var id: JSONValue? { json["id"] }
    var method: String? { json["method"]?.string }
    var params: JSONValue? { json["params"] }
    var result: JSONValue? { json["result"] }
    var error: RPCError? { json["error"].flatMap { RPCError(json: $0) } }

    func result<Method: RequestMethod>(of method: Method.Type) throws -> Method.Result? {
        try result.map { try Method.result(from: $0) }
    }
}

extension RPCError {
    struct Details: Decodable {
        let kind: String?
        let retryable: Bool?
        let index: Int?
    }

    /// What is told beside the message.
    var details: Details? { try? data?.decode(Details.self) }
}
