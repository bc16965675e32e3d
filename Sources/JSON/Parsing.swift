import CJansson
import Foundation
import OrderedCollections

extension JSONValue {
    /// Parses one JSON text of any kind (a bare string or number is a document too).
    ///
    /// A text with an integer beyond 64 bits is read with all its integers as 64-bit floats, as most readers of JSON
    /// read any: those up to 2^53 stay exact.
    /// - Throws: `JSONError.malformed` with the position, also for a real beyond 64-bit floats, or `.tooDeep`.
    public init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = .default) throws(JSONError) {
        guard nestingDepth(of: bytes) <= limits.depth else { throw .tooDeep(limit: limits.depth) }
        var flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL)
        if limits.rejectDuplicateKeys { flags |= Int(JSON_REJECT_DUPLICATES) }
        var failure = json_error_t()
        let characters = bytes.assumingMemoryBound(to: CChar.self)
        var root = json_loadb(characters.baseAddress, characters.count, flags, &failure)
        let hasLargeIntegers = root == nil && json_error_code(&failure) == json_error_numeric_overflow
        if hasLargeIntegers {
            flags |= Int(JSON_DECODE_INT_AS_REAL)
            root = json_loadb(characters.baseAddress, characters.count, flags, &failure)
        }
        guard let root else {
            throw .malformed(
                reason: failure.message, line: Int(failure.line), column: Int(failure.column),
                byte: Int(failure.position))
        }
        defer { json_decref(root) }
        self = convert(root, integersAreReal: hasLargeIntegers)
    }

    /// - Throws: as `init(parsing:limits:)` on raw bytes.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        let outcome = bytes.withUnsafeBytes { raw in
            Result { () throws(JSONError) in try JSONValue(parsing: raw, limits: limits) }
        }
        self = try outcome.get()
    }

    /// - Throws: as `init(parsing:limits:)` on raw bytes.
    public init(parsing text: String, limits: JSONLimits = .default) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// Reads a file whole and parses it.
    /// - Throws: `JSONError.unreadable` as well.
    public init(contentsOf path: String, limits: JSONLimits = .default) throws(JSONError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path), options: [])
        } catch {
            throw .unreadable(path: path, reason: (error as? CocoaError).flatMap(\.reason) ?? "\(error)")
        }
        try self.init(parsing: [UInt8](data), limits: limits)
    }
}

/// Must run once before threads start: seeds jansson's hash tables, which it otherwise does on first use.
public func seedJSON() {
    json_object_seed(0)
}

extension CocoaError {
    fileprivate var reason: String? {
        (underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
    }
}

extension json_error_t {
    fileprivate var message: String {
        withUnsafeBytes(of: text) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

/// How deep brackets are nested, without regard to whether they match: jansson's own limit is fixed when it is built.
private func nestingDepth(of bytes: UnsafeRawBufferPointer) -> Int {
    var depth = 0
    var deepest = 0
    var inString = false
    var index = 0
    while index < bytes.count {
        let byte = bytes[index]
        if inString {
            if byte == UInt8(ascii: "\\") { index += 1 } else if byte == UInt8(ascii: "\"") { inString = false }
        } else {
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        index += 1
    }
    return deepest
}

/// Recursion is bounded by the depth that was checked before.
private func convert(_ value: UnsafeMutablePointer<json_t>, integersAreReal: Bool) -> JSONValue {
    switch value.pointee.type {
    case JSON_OBJECT:
        var members = OrderedDictionary<String, JSONValue>(minimumCapacity: json_object_size(value))
        var iterator = json_object_iter(value)
        while let current = iterator {
            if let key = json_object_iter_key(current), let member = json_object_iter_value(current) {
                members[String(cString: key)] = convert(member, integersAreReal: integersAreReal)
            }
            iterator = json_object_iter_next(value, current)
        }
        return .object(members)
    case JSON_ARRAY:
        return .array(
            (0..<json_array_size(value)).map { index in
                json_array_get(value, index).map { convert($0, integersAreReal: integersAreReal) } ?? .null
            })
    case JSON_STRING:
        let length = json_string_length(value)
        guard let characters = json_string_value(value) else { return .string("") }
        let bytes = UnsafeRawBufferPointer(start: characters, count: length)
        return .string(String(decoding: bytes, as: UTF8.self))
    case JSON_INTEGER: return .integer(Int64(json_integer_value(value)))
    case JSON_REAL:
        let real = json_real_value(value)
        if integersAreReal, abs(real) <= 0x1p53, let integer = Int64(exactly: real) { return .integer(integer) }
        return .real(real)
    case JSON_TRUE: return .bool(true)
    case JSON_FALSE: return .bool(false)
    default: return .null
    }
}
