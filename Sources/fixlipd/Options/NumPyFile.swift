import Foundation

/// A vector from a file that `numpy.save` wrote (NumPy's format description, versions 1 to 3).
struct NumPyFile {
    let values: [Float]

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - bytes: the file.
    ///   - name: what an error calls it.
    /// - Throws: `Failure` where it is not a vector of 16-, 32- or 64-bit floats.
    init(_ bytes: [UInt8], name: String) throws(Failure) {
        func fault(_ reason: String) -> Failure { Failure(description: "cannot read \(name) as a vector: \(reason)") }
        guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)), bytes.count >= 12 else {
            throw fault("it is not an .npy file, as numpy.save writes them")
        }
        let isShort = bytes[6] == 1
        let lengthBytes = bytes[8..<(isShort ? 10 : 12)]
        let start = lengthBytes.endIndex + lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard start <= bytes.count else { throw fault("it is cut off") }
        let header = String(decoding: bytes[lengthBytes.endIndex..<start], as: UTF8.self)
        guard let kind = header.firstMatch(of: /'descr': *'([<>=|]?)(f[248])'/), kind.1 != ">" else {
            throw fault(
                "its numbers must be little-endian floats; save it with numpy.save(file, vector.astype(\"float32\"))")
        }
        guard let shape = header.firstMatch(of: /'shape': *\(([0-9, ]*)\)/) else { throw fault("it has no shape") }
        let sizes = shape.1.split(whereSeparator: { ", ".contains($0) }).map { Int($0) ?? -1 }
        guard sizes.count(where: { $0 != 1 }) <= 1, !sizes.contains(where: { $0 < 0 }) else {
            throw fault("it is an array of shape (\(shape.1)); one vector is wanted")
        }
        let count = sizes.reduce(1, *)
        let width = Int(kind.2.dropFirst()) ?? 4
        let body = bytes[start...]
        guard count <= 1 << 20, body.count == count * width else {
            throw fault("it has \(body.count) bytes of numbers where its shape says \(count) of \(width)")
        }
        func bits(_ index: Int) -> UInt64 {
            (0..<width).reduce(0) { $0 | UInt64(body[start + index * width + $1]) << UInt64(8 * $1) }
        }
        values = (0..<count).map { index in
            switch width {
            case 2: Float(Float16(bitPattern: UInt16(bits(index))))
            case 4: Float(bitPattern: UInt32(bits(index)))
            default: Float(Double(bitPattern: bits(index)))
            }
        }
        guard values.allSatisfy(\.isFinite) else { throw fault("a number is not finite") }
    }
}
