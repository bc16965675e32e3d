import JSON

/// The JSON text of what a server sends. The envelope is written here rather than through a `JSONValue`, so that an id
/// goes back digit by digit and a large result is not copied into another value first.
package enum OutgoingMessage {
    package static func result(_ result: JSONValue, id: RequestID) throws(JSONError) -> [UInt8] {
        envelope(id: id, member: "result", try result.serialized())
    }

    package static func error(_ error: RPCError, id: RequestID) -> [UInt8] {
        let bytes: [UInt8]
        do throws(JSONError) {
            bytes = try error.json.serialized()
        } catch let failure {
            // Without `data` an error holds a number and a string only, which can always be written.
            let plain = RPCError(code: error.code, message: "\(error.message) (its data was lost: \(failure))")
            bytes = (try? plain.json.serialized()) ?? Array("null".utf8)
        }
        return envelope(id: id, member: "error", bytes)
    }

    static func notification(_ method: String, params: JSONValue?) throws(JSONError) -> [UInt8] {
        var message: JSONValue = ["jsonrpc": "2.0", "method": .string(method)]
        if let params, case .object(var members) = message {
            members["params"] = params
            message = .object(members)
        }
        return try message.serialized()
    }

    private static func envelope(id: RequestID, member: String, _ value: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(value.count + 64)
        bytes.append(contentsOf: #"{"jsonrpc":"2.0","id":"#.utf8)
        bytes.append(contentsOf: id.jsonText)
        bytes.append(contentsOf: ",\"\(member)\":".utf8)
        bytes.append(contentsOf: value)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
