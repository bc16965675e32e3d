/// What is wrong with a JSON text or value.
package enum JSONError: Error, Equatable, CustomStringConvertible {
    /// The text is not JSON; `line` and `column` count from 1, `byte` from 0.
    case malformed(reason: String, line: Int, column: Int, byte: Int)
    /// Arrays and objects are nested more than `limit` levels deep.
    case tooDeep(limit: Int)
    /// Parsing would take `bytes` of memory.
    case tooLarge(bytes: Int, limit: Int)
    /// A number that JSON cannot hold (NaN or infinity), at a path such as `values.first[3]`.
    case notFinite(path: String)
    /// A string or member name that is not valid for the codec.
    case unrepresentable(reason: String)
    /// The file could not be read.
    case unreadable(path: String, reason: String)
    /// The value does not have the expected form; `path` names the member, as in `players.image.grid`.
    case mismatch(path: String, expected: String, found: String)
    /// The value has the form but is not what it must be; `reason` says so after the member's name: `must be 1 or 2; it
    /// is 3`.
    case refused(path: String, reason: String)
    /// A member that must be there is missing.
    case missing(path: String)
    /// Members that no reader asked for, most often a misspelt parameter.
    case unknown(paths: [String], known: [String])
    /// Nobody wants the value any more.
    case cancelled

    /// The member at fault, where one is.
    package var path: String? {
        switch self {
        case .notFinite(let path), .mismatch(let path, _, _), .refused(let path, _), .missing(let path):
            path.isEmpty ? nil : path
        case .unknown(let paths, _): paths.first { !$0.isEmpty }
        case .malformed, .tooDeep, .tooLarge, .unrepresentable, .unreadable, .cancelled: nil
        }
    }

    package var description: String {
        switch self {
        case .malformed(let reason, let line, let column, let byte):
            "not valid JSON: \(reason) (line \(line), column \(column), byte \(byte))"
        case .tooDeep(let limit):
            "arrays and objects are nested more than \(limit) levels deep"
        case .tooLarge(let bytes, let limit):
            "reading it would take \(bytes >> 20) MiB of memory, the limit is \(limit >> 20) MiB; send it in parts"
        case .notFinite(let path):
            "\(path.isEmpty ? "the value" : path) is not a finite number"
        case .unrepresentable(let reason):
            reason
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .mismatch(let path, let expected, let found):
            "\(path.isEmpty ? "the value" : "'\(path)'") must be \(expected), not \(found)"
        case .refused(let path, let reason):
            "\(path.isEmpty ? "the value" : "'\(path)'") \(reason)"
        case .missing(let path):
            "'\(path)' is missing"
        case .cancelled: "the reading was cancelled"
        case .unknown(let paths, let known):
            "unknown \(paths.count == 1 ? "member" : "members") \(paths.map { "'\($0)'" }.joined(separator: ", "))"
                + (known.isEmpty ? "; none is known" : "; known are \(known.joined(separator: ", "))")
        }
    }
}

/// What a parser accepts.
package struct JSONLimits: Sendable {
    /// How many arrays and objects may be nested.
    package var depth: Int
    /// Whether an object with two members of one name is an error.
    package var rejectDuplicateKeys: Bool
    /// What parsing may take in memory, in bytes, beside the text: about 270 for each object, 180 for each array and 80
    /// for each number. The estimate is never too low.
    package var memory: Int

    package init(depth: Int = 64, rejectDuplicateKeys: Bool = true, memory: Int = .max) {
        self.depth = depth
        self.rejectDuplicateKeys = rejectDuplicateKeys
        self.memory = memory
    }

    package static let `default` = JSONLimits()
}
