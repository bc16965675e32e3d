/// A PyTorch state dictionary (`torch.save` since 1.6): a zip archive with a pickle, `data.pkl`, that tells of the
/// tensors, and an entry `data/<key>` for each storage.
///
/// Nothing in it is executed: the pickle is read by ``StateDictionaryReader``. The storages are read where they lie,
/// as those of a safetensors file are.
/// Format: https://docs.pytorch.org/docs/stable/notes/serialization.html.
package struct PickleFile: IndexedTensorFile {
    let file: WeightFile
    let entries: [String: TensorEntry]

    /// The longest `data.pkl` that is read; one of a thousand tensors has 150 KB.
    private static let longestPickle = 16 << 20

    /// - Throws: ``WeightFileError``, naming the file and, where one is at fault, the tensor.
    package init(path: String) throws(WeightFileError) {
        file = try WeightFile(path: path)
        let first = try file.bytes(0..<min(file.size, 2))
        guard first != [0x80, 0x02] else {
            throw .malformedPickle(
                file: path,
                reason: "it is in the format of PyTorch before 1.6, which is not read; write it anew with: python3 -c "
                    + "'import sys, torch; f = sys.argv[1]; torch.save(torch.load(f, map_location=\"cpu\", "
                    + "weights_only=True), f)' FILE")
        }
        let archive = try ZipDirectory(file)
        // The archive's own name stands before every entry's; it is whatever the file was called when it was written.
        let pickles = archive.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
        guard let pickle = pickles.first, pickles.count == 1 else {
            throw .malformedPickle(
                file: path, reason: "it is a zip archive without the data.pkl that torch.save writes")
        }
        let folder = String(pickle.dropLast("data.pkl".count))
        if archive.entries[folder + "byteorder"] != nil {
            let order = try archive.range(of: folder + "byteorder")
            guard order.count < 16, try file.bytes(order) == Array("little".utf8) else {
                throw .malformedPickle(file: path, reason: "it was written on a big-endian machine")
            }
        }
        let range = try archive.range(of: pickle)
        guard range.count <= Self.longestPickle else {
            throw .malformedPickle(
                file: path, reason: "its data.pkl has \(range.count) bytes; at most \(Self.longestPickle) are read")
        }
        var reader = StateDictionaryReader(try file.bytes(range), file: path)
        let tensors = try reader.tensors()
        var storages: [String: Range<Int>] = [:]
        var entries: [String: TensorEntry] = [:]
        for (name, tensor) in tensors {
            func broken(_ reason: String) -> WeightFileError {
                .malformedTensor(file: path, tensor: name, reason: reason)
            }
            guard let size = TensorEntry.elementBytes[tensor.storage.type] else {
                throw broken("its type \(tensor.storage.type) is not known")
            }
            let key = tensor.storage.key
            let storage: Range<Int>
            if let known = storages[key] {
                storage = known
            } else {
                storage = try archive.range(of: folder + "data/" + key)
                storages[key] = storage
            }
            let count = try tensor.count(broken)
            guard tensor.isRowByRow else {
                entries[name] = TensorEntry(
                    type: tensor.storage.type, shape: tensor.shape, range: storage.lowerBound..<storage.lowerBound,
                    problem:
                        "its values do not lie row by row (strides \(tensor.strides) of shape \(tensor.shape)); save "
                        + "it after .contiguous()")
                continue
            }
            let (end, overflow) = tensor.offset.addingReportingOverflow(count)
            guard !overflow, tensor.offset >= 0, end <= storage.count / size else {
                throw broken("its \(count) values from \(tensor.offset) on lie outside its storage")
            }
            let start = storage.lowerBound + tensor.offset * size
            entries[name] = TensorEntry(
                type: tensor.storage.type, shape: tensor.shape, range: start..<start + count * size)
        }
        self.entries = entries
    }
}
