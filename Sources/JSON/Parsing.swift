import CJansson
import Foundation

extension JSONValue {
    /// Parses one JSON text of any kind (a bare string or number is a document too), with or without a byte order mark.
    ///
    /// An integer beyond 64 bits is read as a 64-bit float, as most readers of JSON read any. Half of a surrogate pair
    /// that is escaped without the other (`"\\ud83d"`), which no UTF-8 can hold, is read as U+FFFD.
    /// - Throws: `JSONError.malformed` with the position, also for a real beyond 64-bit floats, `.tooDeep` or
    ///   `.tooLarge`.
    package init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = .default) throws(JSONError) {
        try self.init(parsing: bytes, surveyed: JSONSurvey(bytes), limits: limits)
    }

    /// The same for a text that was looked over before.
    /// - Parameter isCancelled: asked every millisecond or so; then reading ends with `JSONError.cancelled`.
    package init(
        parsing bytes: UnsafeRawBufferPointer, surveyed survey: JSONSurvey, limits: JSONLimits,
        isCancelled: (() -> Bool)? = nil
    ) throws(JSONError) {
        guard survey.depth <= limits.depth else { throw .tooDeep(limit: limits.depth) }
        guard survey.parsingBytes <= limits.memory else {
            throw .tooLarge(bytes: survey.parsingBytes, limit: limits.memory)
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let bytes = bytes.starts(with: mark) ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst(mark.count)) : bytes
        var failure = json_error_t()
        var flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL)
        if limits.rejectDuplicateKeys { flags |= Int(JSON_REJECT_DUPLICATES) }
        let load = { (bytes: UnsafeRawBufferPointer, flags: Int, failure: inout json_error_t) in
            guard let isCancelled else {
                return json_loadb(bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count, flags, &failure)
            }
            return loadInPieces(bytes, flags, &failure, isCancelled)
        }
        var root: UnsafeMutablePointer<json_t>?
        if survey.largeIntegers > 0 || survey.hasLoneSurrogates {
            root = readableByJansson(bytes, survey).withUnsafeBytes { load($0, flags, &failure) }
            if root == nil, survey.largeIntegers > 0 {
                // Where the fault is in the text as it came.
                let text = readableByJansson(bytes, survey, integers: false)
                let faulty = text.withUnsafeBytes { load($0, flags | Int(JSON_DECODE_INT_AS_REAL), &failure) }
                json_decref(faulty)
            }
        } else {
            root = load(bytes, flags, &failure)
        }
        guard let root else {
            if let isCancelled, isCancelled() { throw .cancelled }
            throw .malformed(
                reason: failure.message, line: Int(failure.line), column: Int(failure.column),
                byte: Int(failure.position))
        }
        defer { json_decref(root) }
        var conversion = TreeConversion(isCancelled: isCancelled)
        self = try conversion.value(root)
    }

    /// - Throws: as `init(parsing:limits:)` on raw bytes.
    package init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        let outcome = bytes.withUnsafeBytes { raw in
            Result { () throws(JSONError) in try JSONValue(parsing: raw, limits: limits) }
        }
        self = try outcome.get()
    }

    /// The same for a text that was looked over before.
    package init(parsing bytes: [UInt8], surveyed survey: JSONSurvey, limits: JSONLimits) throws(JSONError) {
        let outcome = bytes.withUnsafeBytes { raw in
            Result { () throws(JSONError) in try JSONValue(parsing: raw, surveyed: survey, limits: limits) }
        }
        self = try outcome.get()
    }

    /// The same for a text that may be so large that reading it takes long.
    /// - Parameter isCancelled: asked every millisecond or so; then reading ends with `JSONError.cancelled`.
    package init(parsing text: String, isCancelled: () -> Bool) throws(JSONError) {
        let bytes = Array(text.utf8)
        let outcome = withoutActuallyEscaping(isCancelled) { isCancelled in
            bytes.withUnsafeBytes { raw in
                Result { () throws(JSONError) in
                    try JSONValue(
                        parsing: raw, surveyed: JSONSurvey(raw), limits: .default, isCancelled: isCancelled)
                }
            }
        }
        self = try outcome.get()
    }

    /// - Throws: as `init(parsing:limits:)` on raw bytes.
    package init(parsing text: String, limits: JSONLimits = .default) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// Reads a file whole and parses it.
    /// - Parameter most: the bytes of the largest file that is read.
    /// - Throws: `JSONError.unreadable` as well.
    package init(
        contentsOf path: String, most: Int = SmallFile.configurationLimit, limits: JSONLimits = .default
    ) throws(JSONError) {
        try self.init(parsing: try SmallFile.bytes(of: path, limit: most), limits: limits)
    }
}

/// Must run once before threads start: seeds jansson's hash tables, which it otherwise does on first use.
package func seedJSON() {
    json_object_seed(0)
}

extension json_error_t {
    fileprivate var message: String {
        withUnsafeBytes(of: text) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

/// What jansson asks for piece by piece.
private struct Pieces {
    var rest: UnsafeRawBufferPointer
    let isCancelled: () -> Bool
    /// Pieces until the next question.
    var untilQuestion = 0

    /// jansson takes a kilobyte at a time.
    static let piecesBetweenQuestions = 64
}

/// Parses as `json_loadb` does, and ends with an error where the reader is not wanted any more.
private func loadInPieces(
    _ bytes: UnsafeRawBufferPointer, _ flags: Int, _ failure: inout json_error_t, _ isCancelled: @escaping () -> Bool
) -> UnsafeMutablePointer<json_t>? {
    var pieces = Pieces(rest: bytes, isCancelled: isCancelled)
    return withUnsafeMutablePointer(to: &pieces) { pieces in
        json_load_callback(
            { buffer, capacity, context in
                guard let buffer, let pieces = context?.assumingMemoryBound(to: Pieces.self) else { return -1 }
                if pieces.pointee.untilQuestion == 0 {
                    if pieces.pointee.isCancelled() { return -1 }
                    pieces.pointee.untilQuestion = Pieces.piecesBetweenQuestions
                }
                pieces.pointee.untilQuestion -= 1
                let piece = UnsafeRawBufferPointer(rebasing: pieces.pointee.rest.prefix(capacity))
                if let start = piece.baseAddress { buffer.copyMemory(from: start, byteCount: piece.count) }
                pieces.pointee.rest = UnsafeRawBufferPointer(rebasing: pieces.pointee.rest.dropFirst(piece.count))
                return piece.count
            }, pieces, flags, &failure)
    }
}

/// Takes a tree apart: what is converted is freed, so that both are never whole in memory at a time. Recursion is
/// bounded by the depth that was checked before.
private struct TreeConversion {
    let isCancelled: (() -> Bool)?
    /// Values until the next question.
    private var untilQuestion = 0

    private static let valuesBetweenQuestions = 4096

    init(isCancelled: (() -> Bool)?) { self.isCancelled = isCancelled }

    mutating func value(_ node: UnsafeMutablePointer<json_t>) throws(JSONError) -> JSONValue {
        if untilQuestion == 0 {
            if let isCancelled, isCancelled() { throw .cancelled }
            untilQuestion = Self.valuesBetweenQuestions
        }
        untilQuestion -= 1
        switch node.pointee.type {
        case JSON_OBJECT:
            var members = JSONObject(minimumCapacity: json_object_size(node))
            var iterator = json_object_iter(node)
            while let current = iterator {
                if let key = json_object_iter_key(current), let member = json_object_iter_value(current) {
                    members[String(cString: key)] = try value(member)
                }
                json_object_iter_set_new(node, current, json_null())
                iterator = json_object_iter_next(node, current)
            }
            return .object(members)
        case JSON_ARRAY:
            var elements: [JSONValue] = []
            elements.reserveCapacity(json_array_size(node))
            for index in 0..<json_array_size(node) {
                elements.append(
                    try json_array_get(node, index).map { node throws(JSONError) in try value(node) } ?? .null)
                json_array_set_new(node, index, json_null())
            }
            return .array(elements)
        case JSON_STRING:
            let length = json_string_length(node)
            guard let characters = json_string_value(node) else { return .string("") }
            let bytes = UnsafeRawBufferPointer(start: characters, count: length)
            return .string(String(decoding: bytes, as: UTF8.self))
        case JSON_INTEGER: return .integer(Int64(json_integer_value(node)))
        case JSON_REAL: return .real(json_real_value(node))
        case JSON_TRUE: return .bool(true)
        case JSON_FALSE: return .bool(false)
        default: return .null
        }
    }
}
