/// Where a tensor lies in a file of weights.
struct TensorEntry: Sendable {
    /// The type's name as safetensors writes it; tensors of types that are not weights (position ids) may stand in a
    /// file unread.
    let type: String
    let shape: [Int]
    /// Its bytes in the file, row by row.
    let range: Range<Int>
    /// Why it cannot be read, though the rest of the file can.
    var problem: String?

    /// Dimensions that a tensor may have: more than any network's.
    static let mostDimensions = 16
    /// Bytes per element of every type that safetensors knows.
    static let elementBytes: [String: Int] = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2, "U32": 4,
        "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
    ]
}

/// An open file of named tensors whose directory was read and checked.
package protocol TensorFile: Sendable {
    var path: String { get }
    /// The names of the tensors.
    var names: [String] { get }
    /// The shape of a tensor, or nil if the file has none of this name.
    func shape(_ name: String) -> [Int]?
    /// A tensor of weights, ready to be read.
    /// - Throws: ``WeightFileError`` if it is missing, has another shape, or a type other than F32, F16 and BF16.
    func tensor(_ name: String, shape: [Int]) throws(WeightFileError) -> WeightTensor
}

extension TensorFile {
    /// Whether the file holds a tensor of this name.
    package func contains(_ name: String) -> Bool { shape(name) != nil }
}

/// A file of weights whose directory gives each tensor a range of its bytes.
protocol IndexedTensorFile: TensorFile {
    var file: WeightFile { get }
    var entries: [String: TensorEntry] { get }
}

extension IndexedTensorFile {
    package var path: String { file.path }
    package var names: [String] { Array(entries.keys) }
    package func shape(_ name: String) -> [Int]? { entries[name]?.shape }

    package func tensor(_ name: String, shape: [Int]) throws(WeightFileError) -> WeightTensor {
        guard let entry = entries[name] else { throw .missingTensor(file: path, tensor: name) }
        if let problem = entry.problem { throw .malformedTensor(file: path, tensor: name, reason: problem) }
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
