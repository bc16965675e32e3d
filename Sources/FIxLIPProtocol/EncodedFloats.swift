import Foundation

/// Floats in the encoding the client asked for.
package enum EncodedFloats: Codable, Sendable, Equatable {
    case values([Float])
    case base64(String)

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .base64(text)
        } else {
            self = .values(try container.decode([Float].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .values(let values): try container.encode(values)
        case .base64(let text): try container.encode(text)
        }
    }

    /// The numbers, whatever they are written as; nil for what is not base64 of little-endian 32-bit floats.
    package var decoded: [Float]? {
        switch self {
        case .values(let values): return values
        case .base64(let text):
            guard let data = Data(base64Encoded: text), data.count % 4 == 0 else { return nil }
            return data.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 4).map { offset in
                    Float(
                        bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
                }
            }
        }
    }
}
