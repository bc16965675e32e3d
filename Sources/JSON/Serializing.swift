import CJansson

extension JSONValue {
    /// Nine significant digits give every `Float` back exactly.
    private static let significantDigits: Int32 = 9

    /// UTF-8 text of this value: on one line without blanks, or indented by two when `pretty`.
    /// Reals carry nine significant digits, which give every 32-bit float back exactly.
    /// - Throws: `JSONError.notFinite` for NaN and infinity, `.unrepresentable` for a member name with a NUL.
    package func serialized(pretty: Bool = false) throws(JSONError) -> [UInt8] {
        let root = try makeNode(path: "")
        defer { json_decref(root) }
        var flags = Int(JSON_ENCODE_ANY) | (Int(Self.significantDigits) & 0x1F) << 11
        flags |= pretty ? 2 : Int(JSON_COMPACT)
        var output: [UInt8] = []
        let status = withUnsafeMutablePointer(to: &output) { destination in
            json_dump_callback(
                root,
                { chunk, size, destination in
                    guard let chunk, let destination else { return -1 }
                    destination.assumingMemoryBound(to: [UInt8].self).pointee.append(
                        contentsOf: UnsafeRawBufferPointer(start: chunk, count: size))
                    return 0
                }, destination, flags)
        }
        guard status == 0 else { throw .unrepresentable(reason: "jansson could not write the value") }
        return output
    }

    /// The same as text.
    package func text(pretty: Bool = false) throws(JSONError) -> String {
        String(decoding: try serialized(pretty: pretty), as: UTF8.self)
    }

    /// A jansson node owned by the caller.
    private func makeNode(path: String) throws(JSONError) -> UnsafeMutablePointer<json_t> {
        switch self {
        case .null: return json_null()
        case .bool(let value): return value ? json_true() : json_false()
        case .integer(let value): return try owned(json_integer(value))
        case .real(let value):
            guard value.isFinite else { throw .notFinite(path: path) }
            return try owned(json_real(value))
        case .string(let value):
            return try owned(value.withCString { json_stringn_nocheck($0, value.utf8.count) })
        case .array(let elements):
            let node = try owned(json_array())
            for (index, element) in elements.enumerated() {
                do throws(JSONError) {
                    json_array_append_new(node, try element.makeNode(path: "\(path)[\(index)]"))
                } catch {
                    json_decref(node)
                    throw error
                }
            }
            return node
        case .object(let members):
            let node = try owned(json_object())
            for (key, member) in members {
                do throws(JSONError) {
                    guard !key.utf8.contains(0) else {
                        throw JSONError.unrepresentable(reason: "a member name holds a NUL character")
                    }
                    let child = try member.makeNode(path: path.isEmpty ? key : "\(path).\(key)")
                    json_object_set_new_nocheck(node, key, child)
                } catch {
                    json_decref(node)
                    throw error
                }
            }
            return node
        }
    }
}

private func owned(_ node: UnsafeMutablePointer<json_t>?) throws(JSONError) -> UnsafeMutablePointer<json_t> {
    guard let node else { throw .unrepresentable(reason: "out of memory while writing JSON") }
    return node
}
