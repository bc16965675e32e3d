/// A set of Unicode scalars, as a regular expression's character class writes it.
struct ScalarClass: Sendable, Equatable {
    enum Item: Sendable, Equatable {
        case range(ClosedRange<UInt32>)
        /// `\s`: White_Space.
        case whitespace
        /// `\d`: general category Nd.
        case decimalDigit
        /// `\p{L}`
        case letter
        /// `\p{N}`
        case number
        /// `\p{P}`
        case punctuation
        indirect case not(Item)
    }

    var items: [Item]
    var isNegated = false

    /// What Python's `string.punctuation` lists.
    static let asciiPunctuation = ScalarClass(items: [
        .range(0x21...0x2F), .range(0x3A...0x40), .range(0x5B...0x60), .range(0x7B...0x7E),
    ])
    /// All of ASCII's that is neither letter, digit, space nor control, and general category P.
    static let anyPunctuation = ScalarClass(items: asciiPunctuation.items + [.punctuation])

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        items.contains { Self.item($0, contains: scalar) } != isNegated
    }

    private static func item(_ item: Item, contains scalar: Unicode.Scalar) -> Bool {
        switch item {
        case .range(let range): range.contains(scalar.value)
        case .whitespace: scalar.properties.isWhitespace
        case .decimalDigit: scalar.properties.generalCategory == .decimalNumber
        case .letter: scalar.isLetter
        case .number: scalar.isNumber
        case .punctuation: scalar.isPunctuation
        case .not(let inner): !Self.item(inner, contains: scalar)
        }
    }
}

extension Unicode.Scalar {
    /// General category L.
    var isLetter: Bool {
        if isASCII { return (value | 0x20) >= 0x61 && (value | 0x20) <= 0x7A }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return false
        }
    }

    /// General category N.
    var isNumber: Bool {
        if isASCII { return value >= 0x30 && value <= 0x39 }
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }

    /// General category P.
    var isPunctuation: Bool {
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }
}
