import COneDNN
import JSON

/// The element types that weights come in.
package enum WeightType: String, Sendable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"

    var bytes: Int { self == .f32 ? 4 : 2 }
}

/// An open safetensors file with its header checked: length, JSON, types, shapes, and offsets that are in range,
/// agree with the shapes and do not overlap.
///
/// Format: eight bytes of little-endian header length, a JSON header
/// `{"name": {"dtype", "shape", "data_offsets": [begin, end]}}`, then the data
/// (https://github.com/huggingface/safetensors#format).
package struct SafetensorsFile: Sendable {
    struct Entry: Sendable {
        /// The type's name as written; tensors of types that are no weights (position ids) may stand in a file unread.
        let type: String
        let shape: [Int]
        let range: Range<Int>
    }

    /// The format's own limit for the header.
    private static let longestHeader = 100_000_000
    /// Bytes per element of every type the format knows.
    private static let elementBytes: [String: Int] = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2, "U32": 4,
        "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8,
    ]

    let file: WeightFile
    let entries: [String: Entry]

    package var path: String { file.path }

    /// The names of the tensors.
    package var names: [String] { Array(entries.keys) }

    /// - Throws: ``SafetensorsError``, naming the file and, where one is at fault, the tensor.
    package init(path: String) throws(SafetensorsError) {
        file = try WeightFile(path: path)
        let size = file.size
        guard size >= 8 else {
            throw .malformed(file: path, reason: "it has \(size) bytes, fewer than the eight of the header's length")
        }
        let length = UInt64(littleEndian: try file.bytes(0..<8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        guard length <= UInt64(Self.longestHeader), Int(length) <= size - 8 else {
            throw .malformed(
                file: path,
                reason: "its header is said to have \(length) bytes, but the file has \(size); it may be truncated")
        }
        let data = 8 + Int(length)
        let bytes = try file.bytes(8..<data)
        let header: JSONValue
        do {
            header = try JSONValue(parsing: bytes)
        } catch {
            throw .malformed(file: path, reason: "its header is not JSON: \(error)")
        }
        guard let object = header.object else {
            throw .malformed(file: path, reason: "its header is not a JSON object")
        }
        var entries: [String: Entry] = [:]
        entries.reserveCapacity(object.count)
        for (name, value) in object where name != "__metadata__" {
            entries[name] = try Self.entry(name, value, dataStart: data, dataEnd: size, file: path)
        }
        try Self.checkOverlaps(entries, file: path)
        self.entries = entries
    }

    private static func entry(
        _ name: String, _ value: JSONValue, dataStart: Int, dataEnd: Int, file: String
    ) throws(SafetensorsError) -> Entry {
        func broken(_ reason: String) -> SafetensorsError {
            .malformedTensor(file: file, tensor: name, reason: reason)
        }
        guard let type = value["dtype"]?.string else { throw broken("\"dtype\" is missing or not a string") }
        guard let size = elementBytes[type] else { throw broken("unknown dtype \"\(type)\"") }
        guard let dimensions = value["shape"]?.array else { throw broken("\"shape\" is missing or not an array") }
        var shape: [Int] = []
        var count = 1
        for dimension in dimensions {
            guard let dimension = dimension.int, dimension >= 0 else {
                throw broken("\"shape\" holds something other than non-negative integers")
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw broken("\"shape\" is too large") }
            count = product
            shape.append(dimension)
        }
        guard let offsets = value["data_offsets"]?.array, offsets.count == 2, let begin = offsets[0].int,
            let end = offsets[1].int
        else { throw broken("\"data_offsets\" is not a pair of integers") }
        guard begin >= 0, begin <= end, end <= dataEnd - dataStart else {
            throw broken(
                "its data at \(begin)..<\(end) lies outside the \(dataEnd - dataStart) bytes of data; the file may be truncated"
            )
        }
        let (needed, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, needed == end - begin else {
            throw broken("shape \(shape) of \(type) does not fit its \(end - begin) bytes")
        }
        return Entry(type: type, shape: shape, range: dataStart + begin..<dataStart + end)
    }

    private static func checkOverlaps(_ entries: [String: Entry], file: String) throws(SafetensorsError) {
        let ordered = entries.filter { !$0.value.range.isEmpty }.sorted {
            $0.value.range.lowerBound < $1.value.range.lowerBound
        }
        for (left, right) in zip(ordered, ordered.dropFirst())
        where right.value.range.lowerBound < left.value.range.upperBound {
            throw .malformedTensor(file: file, tensor: right.key, reason: "its data overlaps that of \"\(left.key)\"")
        }
    }

    /// Whether the file holds a tensor of this name.
    package func contains(_ name: String) -> Bool { entries[name] != nil }

    /// The shape of a tensor, or nil if the file has none of this name.
    package func shape(_ name: String) -> [Int]? { entries[name]?.shape }

    /// A tensor of weights, ready to be read.
    /// - Throws: ``SafetensorsError`` if it is missing, has another shape, or a type other than F32, F16 and BF16.
    package func tensor(_ name: String, shape: [Int]) throws(SafetensorsError) -> WeightTensor {
        guard let entry = entries[name] else { throw .missingTensor(file: path, tensor: name) }
        guard let type = WeightType(rawValue: entry.type) else {
            throw .malformedTensor(
                file: path, tensor: name,
                reason: "dtype \(entry.type) is not supported for weights; F32, F16 and BF16 are")
        }
        guard entry.shape == shape else {
            throw .shape(file: path, tensor: name, found: entry.shape, expected: shape)
        }
        return WeightTensor(file: file, name: name, type: type, shape: shape, range: entry.range)
    }
}
