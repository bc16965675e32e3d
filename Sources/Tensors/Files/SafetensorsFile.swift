import COneDNN
import JSON
import ShownText

/// The element types that weights come in.
package enum WeightType: String, Sendable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"

    var bytes: Int { self == .f32 ? 4 : 2 }
}

/// An open safetensors file with its header checked: length, JSON, types, shapes, and offsets that are in range,
/// agree with the shapes and cover the data without overlap or gap.
///
/// Format: eight bytes of little-endian header length, a JSON header
/// `{"name": {"dtype", "shape", "data_offsets": [begin, end]}}`, then the data
/// (https://github.com/huggingface/safetensors#format).
package struct SafetensorsFile: IndexedTensorFile {
    /// The format's own limit for the header.
    private static let longestHeader = 100_000_000
    /// Values that a header may hold: eight for each of 60,000 tensors.
    private static let mostValues = 500_000

    let file: WeightFile
    let entries: [String: TensorEntry]

    /// - Throws: ``WeightFileError``, naming the file and, where one is at fault, the tensor.
    package init(path: String) throws(WeightFileError) {
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
        guard Self.leastValues(in: bytes) <= Self.mostValues else {
            throw .malformed(
                file: path, reason: "its header holds more than \(Self.mostValues) values, which no network needs")
        }
        let header: JSONValue
        do {
            header = try JSONValue(parsing: bytes)
        } catch {
            throw .malformed(file: path, reason: "its header is not JSON: \(error)")
        }
        guard let object = header.object else {
            throw .malformed(file: path, reason: "its header is not a JSON object")
        }
        var entries: [String: TensorEntry] = [:]
        entries.reserveCapacity(object.count)
        for (name, value) in object where name != "__metadata__" {
            entries[name] = try Self.entry(name, value, dataStart: data, dataEnd: size, file: path)
        }
        try Self.checkCoverage(entries, data: data..<size, file: path)
        self.entries = entries
    }

    private static func entry(
        _ name: String, _ value: JSONValue, dataStart: Int, dataEnd: Int, file: String
    ) throws(WeightFileError) -> TensorEntry {
        func broken(_ reason: String) -> WeightFileError {
            .malformedTensor(file: file, tensor: name, reason: reason)
        }
        guard let type = value["dtype"]?.string else { throw broken("\"dtype\" is missing or not a string") }
        guard let size = TensorEntry.elementBytes[type] else { throw broken("unknown dtype \(type.quotedName)") }
        guard let dimensions = value["shape"]?.array else { throw broken("\"shape\" is missing or not an array") }
        guard dimensions.count <= TensorEntry.mostDimensions else {
            throw broken("\"shape\" has \(dimensions.count) dimensions")
        }
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
        return TensorEntry(type: type, shape: shape, range: dataStart + begin..<dataStart + end)
    }

    /// Every byte of the data belongs to one tensor, as the format demands: a header whose length is a little wrong
    /// would shift all weights without a word.
    private static func checkCoverage(
        _ entries: [String: TensorEntry], data: Range<Int>, file: String
    ) throws(WeightFileError) {
        var covered = data.lowerBound
        var last = ""
        for (name, entry) in entries.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound })
        where !entry.range.isEmpty {
            guard entry.range.lowerBound >= covered else {
                throw .malformedTensor(file: file, tensor: name, reason: "its data overlaps that of \(last.quotedName)")
            }
            guard entry.range.lowerBound == covered else {
                throw .malformedTensor(
                    file: file, tensor: name,
                    reason: "\(entry.range.lowerBound - covered) bytes before its data belong to no tensor")
            }
            covered = entry.range.upperBound
            last = name
        }
        guard covered == data.upperBound else {
            throw .malformed(
                file: file,
                reason:
                    "the last \(data.upperBound - covered) bytes of its data belong to no tensor; its header's length may "
                    + "be wrong")
        }
    }

    /// Commas and brackets outside of strings: a header of nothing but nested lists would take a hundred times its
    /// size.
    private static func leastValues(in json: [UInt8]) -> Int {
        var count = 0
        var inString = false
        var isEscaped = false
        for byte in json {
            if inString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"): count += 1
            default: break
            }
        }
        return count
    }
}
