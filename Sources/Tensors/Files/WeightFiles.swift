import Foundation
import JSON

/// The weights of a model folder: one file of tensors, or the shards that an index names. Files that end in `.bin` are
/// PyTorch's, others safetensors.
package struct WeightFiles: Sendable {
    /// The file that says which tensors there are: the only file, or the index.
    package let path: String
    private let files: [any TensorFile]
    private let fileOfTensor: [String: Int]

    /// Bytes of all files, as far as the file system tells.
    package var bytes: Int {
        files.reduce(0) { sum, file in
            var status = stat()
            return stat(file.path, &status) == 0 ? sum + Int(status.st_size) : sum
        }
    }

    /// The largest index that is read; one of a thousand tensors has 100 KB.
    private static let largestIndex = 16 << 20

    /// One file.
    /// - Throws: ``WeightFileError``.
    package init(file path: String) throws(WeightFileError) {
        self.path = path
        let file = try Self.open(path)
        files = [file]
        fileOfTensor = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
    }

    private static func open(_ path: String) throws(WeightFileError) -> any TensorFile {
        path.hasSuffix(".bin") ? try PickleFile(path: path) : try SafetensorsFile(path: path)
    }

    /// The shards named by `model.safetensors.index.json` or `pytorch_model.bin.index.json`, in the folder that holds
    /// it.
    /// - Throws: ``WeightFileError``: also when a shard that the index names is missing, or lacks a tensor said to
    ///   be in it.
    package init(index path: String) throws(WeightFileError) {
        self.path = path
        let index: JSONValue
        do {
            index = try JSONValue(contentsOf: path, most: Self.largestIndex)
        } catch .unreadable(_, let reason) {
            throw .unreadable(file: path, reason: reason)
        } catch {
            throw .unreadable(file: path, reason: "\(error)")
        }
        guard let map = index["weight_map"]?.object, !map.isEmpty else {
            throw .malformed(file: path, reason: "\"weight_map\" is missing or empty")
        }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        var files: [any TensorFile] = []
        var numbers: [String: Int] = [:]
        var fileOfTensor: [String: Int] = [:]
        for (tensor, shard) in map {
            guard let shard = shard.string, !shard.contains("/"), shard != "..", !shard.isEmpty else {
                throw .malformedTensor(file: path, tensor: tensor, reason: "\"weight_map\" gives no plain file name")
            }
            let number: Int
            if let known = numbers[shard] {
                number = known
            } else {
                do {
                    files.append(try Self.open(folder + shard))
                } catch .unreadable(let file, let reason) {
                    throw .unreadable(file: file, reason: "\(reason) (\(path) names it as a shard)")
                }
                number = files.count - 1
                numbers[shard] = number
            }
            guard files[number].contains(tensor) else { throw .missingTensor(file: files[number].path, tensor: tensor) }
            fileOfTensor[tensor] = number
        }
        self.files = files
        self.fileOfTensor = fileOfTensor
    }

    /// The names of all tensors.
    package var names: [String] { Array(fileOfTensor.keys) }

    package func contains(_ name: String) -> Bool { fileOfTensor[name] != nil }

    /// The shape of a tensor, or nil if there is none of this name.
    package func shape(_ name: String) -> [Int]? { fileOfTensor[name].flatMap { files[$0].shape(name) } }

    /// A tensor of weights, ready to be read.
    /// - Throws: ``WeightFileError`` if it is missing, has another shape, or a type other than F32, F16 and BF16.
    package func tensor(_ name: String, shape: [Int]) throws(WeightFileError) -> WeightTensor {
        guard let number = fileOfTensor[name] else { throw .missingTensor(file: path, tensor: name) }
        return try files[number].tensor(name, shape: shape)
    }
}
