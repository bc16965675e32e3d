/// Which pairs a reply carries.
package enum PairSelection: Codable, Sendable, Equatable {
    case all
    case crossModal
    case none
    /// The k pairs of largest magnitude.
    case top(Int)

    private enum CodingKeys: String, CodingKey { case top }
    private static let choices = #""all", "crossModal", "none" or {"top": k}"#

    package init(from decoder: any Decoder) throws {
        if let word = try? decoder.singleValueContainer().decode(String.self) {
            switch word {
            case "all": self = .all
            case "crossModal": self = .crossModal
            case "none": self = .none
            default: throw decoder.refusal(Self.choices, not: word)
            }
        } else if let members = try? decoder.container(keyedBy: CodingKeys.self) {
            self = .top(try members.decode(Int.self, forKey: .top))
        } else {
            throw decoder.refusal(Self.choices)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .top(let count):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(count, forKey: .top)
        default:
            var container = encoder.singleValueContainer()
            try container.encode(self == .all ? "all" : self == .crossModal ? "crossModal" : "none")
        }
    }
}

/// Pair values in one of three layouts.
package struct Pairs: Codable, Sendable, Equatable {
    package enum Format: String, Choice {
        /// Row-major upper triangle (0,1), (0,2), …, (n−2, n−1).
        case upper
        /// `[n_T][n_I]`, rows are text players.
        case crossModal
        /// `items` of `[i, j, value]`, strongest first.
        case list
    }

    package struct Item: Codable, Sendable, Equatable {
        package var i: Int
        package var j: Int
        package var value: Double
        package init(i: Int, j: Int, value: Double) {
            self.i = i
            self.j = j
            self.value = value
        }

        package init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            i = try container.decode(Int.self)
            j = try container.decode(Int.self)
            value = try container.decode(Double.self)
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(i)
            try container.encode(j)
            try container.encode(value)
        }
    }

    package var format: Format
    package var encoding: FloatEncoding?
    package var shape: [Int]?
    package var data: EncodedFloats?
    package var items: [Item]?
    package init(
        format: Format, encoding: FloatEncoding? = nil, shape: [Int]? = nil, data: EncodedFloats? = nil,
        items: [Item]? = nil
    ) {
        self.format = format
        self.encoding = encoding
        self.shape = shape
        self.data = data
        self.items = items
    }
}
