/// How messages are told apart in a byte stream. A connection has one framing, recognised from its first byte, and
/// replies use it too.
package enum Framing: String, Sendable, Equatable {
    /// One JSON text per line (newline-delimited JSON). CR LF line ends are accepted, blank lines are skipped.
    case lines
    /// The base protocol of the Language Server Protocol: `Content-Length: N\r\n\r\n`, then N bytes of JSON.
    case headers

    /// Recognises the framing from the first byte of a stream: `{`, `[` or whitespace begin a line, `C` (or `c`) a
    /// header; nothing else can begin a message.
    package init?(firstByte: UInt8) {
        switch firstByte {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"),
            UInt8(ascii: "\n"):
            self = .lines
        case UInt8(ascii: "C"), UInt8(ascii: "c"): self = .headers
        default: return nil
        }
    }

    /// What goes before a payload of `count` bytes.
    package func prefix(payloadBytes count: Int) -> String {
        switch self {
        case .lines: ""
        case .headers: "Content-Length: \(count)\r\n\r\n"
        }
    }

    /// What goes after a payload.
    package var suffix: String {
        switch self {
        case .lines: "\n"
        case .headers: ""
        }
    }

    /// The payload in its frame. A payload for `.lines` must hold no newline, which compact JSON never does.
    package func frame(_ payload: [UInt8]) -> [UInt8] {
        var bytes = Array(prefix(payloadBytes: payload.count).utf8)
        bytes.append(contentsOf: payload)
        bytes.append(contentsOf: suffix.utf8)
        return bytes
    }
}

/// Why a byte stream cannot be cut into messages. The stream is unusable from that point on.
package enum FramingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The stream begins with a byte that begins neither a JSON object or array nor a header.
    case unrecognisedFirstByte(UInt8)
    /// A header line that is not `Name: value` ended by CR LF, or a value that makes no sense.
    case malformedHeader(String)
    /// The header section has no `Content-Length`.
    case missingContentLength
    /// The header section is longer than `limit` bytes.
    case headerTooLarge(limit: Int)
    /// A message is longer than `limit` bytes; `announced` is its length where a header gave it.
    case messageTooLarge(announced: Int?, limit: Int)
    /// All connections together have sent more than `limit` bytes of messages that are not complete; this one is given
    /// up.
    case tooMuchUnfinished(limit: Int)
    /// The input ended inside a message.
    case truncated(received: Int, expected: Int?)

    package var description: String {
        switch self {
        case .unrecognisedFirstByte(let byte):
            "the input begins with byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16)); begin with '{' or '[' "
                + "(one JSON message per line) or with a Content-Length header"
        case .malformedHeader(let reason): "malformed header: \(reason)"
        case .missingContentLength: "the header section has no Content-Length"
        case .headerTooLarge(let limit): "the header section is longer than \(limit) bytes"
        case .messageTooLarge(let announced?, let limit):
            "a message of \(announced) bytes is larger than the limit of \(limit) bytes"
        case .messageTooLarge(nil, let limit): "the message is larger than the limit of \(limit) bytes"
        case .tooMuchUnfinished(let limit):
            "the daemon is receiving messages of \(limit) bytes, which is its limit; connect and try again later"
        case .truncated(let received, let expected?):
            "the input ended after \(received) of the \(expected) bytes announced by Content-Length"
        case .truncated(let received, nil): "the input ended inside a header section, after \(received) bytes of it"
        }
    }

    /// The error reply to send, with a null id, before the connection is closed.
    package var rpcError: RPCError {
        switch self {
        case .headerTooLarge, .messageTooLarge: .invalidRequest(description)
        case .tooMuchUnfinished: .overloaded(description)
        default: .parseError(description)
        }
    }
}
