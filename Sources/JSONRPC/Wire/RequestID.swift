import JSON
import ShownText

/// The id of a request: a number or a string; null is allowed by JSON-RPC 2.0 (section 4) but discouraged.
///
/// Ids that are numerically equal are equal, however they are written (`1` and `1.0`).
package enum RequestID: Sendable, CustomStringConvertible {
    case integer(Int64)
    case real(Double)
    case string(String)
    /// Replied to with a null id; cannot be cancelled, because nothing names it.
    case null

    /// `nil` for what cannot be an id: booleans, arrays and objects, and numbers beyond 64-bit integers, which could
    /// not be sent back digit by digit.
    package init?(_ value: JSONValue) {
        switch value {
        case .integer(let integer): self = .integer(integer)
        case .real(let real):
            guard abs(real) < 0x1p63 else { return nil }
            self = .real(real)
        case .string(let string): self = .string(string)
        case .null: self = .null
        default: return nil
        }
    }

    package var json: JSONValue {
        switch self {
        case .integer(let integer): .integer(integer)
        case .real(let real): .real(real)
        case .string(let string): .string(string)
        case .null: .null
        }
    }

    /// The id as JSON, on one line.
    package var description: String { String(decoding: jsonText, as: UTF8.self).excerpt }

    /// JSON text that reads back as the same id: a real keeps all the digits that tell it from its neighbours.
    var jsonText: [UInt8] {
        switch self {
        case .integer(let integer): Array("\(integer)".utf8)
        case .real(let real): Array("\(real)".utf8)
        case .string, .null: (try? json.serialized()) ?? Array("null".utf8)
        }
    }
}

extension RequestID: Hashable {
    /// Strings compare by their bytes: Unicode equivalence would take two ids for one.
    private enum Key: Hashable {
        case integer(Int64)
        case real(Double)
        case string([UInt8])
        case null
    }

    private var key: Key {
        switch self {
        case .integer(let integer): .integer(integer)
        case .real(let real): Int64(exactly: real).map { .integer($0) } ?? .real(real)
        case .string(let string): .string(Array(string.utf8))
        case .null: .null
        }
    }

    package static func == (left: RequestID, right: RequestID) -> Bool { left.key == right.key }
    package func hash(into hasher: inout Hasher) { hasher.combine(key) }
}
