import Foundation

/// Writes a safetensors file of f32 tensors.
func writeSafetensors(_ tensors: [(name: String, shape: [Int], values: [Float])], to path: String) throws {
    var entries: [String] = []
    var data = Data()
    for (name, shape, values) in tensors {
        let end = data.count + 4 * values.count
        entries.append(#""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(data.count),\#(end)]}"#)
        values.withUnsafeBytes { data.append(contentsOf: $0) }
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    var file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
    file.append(header)
    file.append(data)
    try file.write(to: URL(fileURLWithPath: path))
}
