/// Image players other than the single patches: exactly one of the two.
package struct ImagePlayersChoice: Codable, Sendable, Equatable {
    package var grid: GridShape?
    /// A label 0, 1, … for every patch, rows from the top.
    package var regions: [Int]?

    package init(grid: GridShape? = nil, regions: [Int]? = nil) {
        self.grid = grid
        self.regions = regions
    }
}

/// Text players: `"words"`, `"tokens"` or `{"spans": [[start, end], …]}` in Unicode scalars of the caption.
package enum TextPlayersChoice: Codable, Sendable, Equatable {
    case words
    case tokens
    case spans([[Int]])

    private enum CodingKeys: String, CodingKey { case spans }
    private static let choices = #""words", "tokens" or {"spans": [[start, end], …]}"#

    package init(from decoder: any Decoder) throws {
        if let word = try? decoder.singleValueContainer().decode(String.self) {
            switch word {
            case "tokens": self = .tokens
            case "words": self = .words
            default: throw decoder.refusal(Self.choices, not: word)
            }
        } else if let members = try? decoder.container(keyedBy: CodingKeys.self) {
            self = .spans(try members.decode([[Int]].self, forKey: .spans))
        } else {
            throw decoder.refusal(Self.choices)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .tokens, .words:
            var container = encoder.singleValueContainer()
            try container.encode(self == .tokens ? "tokens" : "words")
        case .spans(let spans):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(spans, forKey: .spans)
        }
    }
}
