/// The patterns that tokenizer files search for: a literal, a repeated character class, or one of the known word
/// patterns.
///
/// A regular expression beyond these is refused when the file is read, so that no file is tokenized almost rightly.
enum ScalarPattern: Sendable, Equatable {
    case literal([Unicode.Scalar])
    case repeated(ScalarClass, ClosedRange<Int>)
    case words(WordPattern)

    /// The end of the match that begins at `start`, which is after `start`; nil where nothing matches there.
    func match(in scalars: [Unicode.Scalar], at start: Int) -> Int? {
        switch self {
        case .literal(let literal):
            guard !literal.isEmpty, scalars[start...].starts(with: literal) else { return nil }
            return start + literal.count
        case .repeated(let scalarClass, let count):
            var end = start
            while end < scalars.count, end - start < count.upperBound, scalarClass.contains(scalars[end]) { end += 1 }
            return end - start >= count.lowerBound ? end : nil
        case .words(let pattern):
            return pattern.match(in: scalars, at: start)
        }
    }

    /// Reads a regular expression; nil where it is none of the known ones.
    init?(regularExpression source: String) {
        if let pattern = WordPattern.allCases.first(where: { $0.sources.contains(source) }) {
            self = .words(pattern)
            return
        }
        var reader = ClassReader(source)
        guard let scalarClass = reader.readClass(), let count = reader.readCount(), reader.isAtEnd else { return nil }
        self = .repeated(scalarClass, count)
    }
}

/// Reads `class quantifier?`, where a class is a scalar, an escape or a bracket expression, and the quantifier greedy.
private struct ClassReader {
    private var rest: Substring.UnicodeScalarView
    private static let special = Set("\\[](){}.*+?|^$".unicodeScalars)

    init(_ source: String) { rest = source[...].unicodeScalars }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func readClass() -> ScalarClass? {
        guard let first = rest.popFirst() else { return nil }
        if first == "[" { return readBracket() }
        if first == "\\" { return readEscape().map { ScalarClass(items: [$0]) } }
        if Self.special.contains(first) { return nil }
        return ScalarClass(items: [.range(first.value...first.value)])
    }

    /// No quantifier, `+`, `{n}`, `{n,}` or `{n,m}`, with n at least 1.
    mutating func readCount() -> ClosedRange<Int>? {
        guard let first = rest.popFirst() else { return 1...1 }
        if first == "+" { return 1...Int.max }
        guard first == "{", let close = rest.firstIndex(of: "}") else { return nil }
        let bounds = String(rest[..<close]).split(separator: ",", omittingEmptySubsequences: false)
        rest = rest[rest.index(after: close)...]
        guard let low = bounds.first.flatMap({ Int($0) }), low > 0, bounds.count <= 2 else { return nil }
        if bounds.count == 1 { return low...low }
        if bounds[1].isEmpty { return low...Int.max }
        guard let high = Int(bounds[1]), high >= low else { return nil }
        return low...high
    }

    private mutating func readBracket() -> ScalarClass? {
        var result = ScalarClass(items: [])
        if rest.first == "^" {
            result.isNegated = true
            rest.removeFirst()
        }
        while let scalar = rest.popFirst() {
            if scalar == "]" { return result.items.isEmpty ? nil : result }
            // A nested class, a POSIX bracket or an intersection.
            if scalar == "[" || (scalar == "&" && rest.first == "&") { return nil }
            guard let item = scalar == "\\" ? readEscape() : .range(scalar.value...scalar.value) else { return nil }
            guard rest.first == "-", rest.dropFirst().first != "]" else {
                result.items.append(item)
                continue
            }
            rest.removeFirst()
            guard let last = rest.popFirst() else { return nil }
            guard let upper = last == "\\" ? readEscape() : .range(last.value...last.value),
                case .range(let low) = item, case .range(let high) = upper, low.lowerBound <= high.lowerBound
            else { return nil }
            result.items.append(.range(low.lowerBound...high.lowerBound))
        }
        return nil
    }

    private mutating func readEscape() -> ScalarClass.Item? {
        guard let scalar = rest.popFirst() else { return nil }
        switch scalar {
        case "s": return .whitespace
        case "S": return .not(.whitespace)
        case "d": return .decimalDigit
        case "D": return .not(.decimalDigit)
        case "n": return .range(0xA...0xA)
        case "r": return .range(0xD...0xD)
        case "t": return .range(0x9...0x9)
        case "p", "P":
            guard rest.popFirst() == "{", let close = rest.firstIndex(of: "}") else { return nil }
            let name = String(rest[..<close])
            rest = rest[rest.index(after: close)...]
            let properties: [String: ScalarClass.Item] = [
                "L": .letter, "N": .number, "P": .punctuation, "Nd": .decimalDigit,
            ]
            guard let item = properties[name] else { return nil }
            return scalar == "p" ? item : .not(item)
        default:
            // Any other letter or digit may have a meaning of its own; punctuation stands for itself.
            return scalar.isLetter || scalar.isNumber ? nil : .range(scalar.value...scalar.value)
        }
    }
}
