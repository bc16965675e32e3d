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
}
