/// What a line of Org begins that another line ends.
enum OrgConstruct {
    /// A block of other text than Org's, or a LaTeX environment, up to a line.
    case passedOver(end: Int)
    /// A block or drawer of elements, up to a line.
    case container(end: Int)
}

/// The lines that end blocks, drawers and LaTeX environments, so that it is known at the first line of each whether
/// there is a last one: without it, there is neither.
struct OrgEnds {
    /// By what they end, in lower case.
    private var lines: [String: [Int]] = [:]
    private var headlines: [Int] = []

    private static let verbatimBlocks: Set<String> = ["src", "example", "comment", "export", "verse"]

    init(of lines: [Range<Int>], in source: Excerpt) throws(CancellationError) {
        for (index, line) in lines.enumerated() {
            try source.poll.advance(8)
            let text = source.trimmed(line)
            if source.byte(line.lowerBound) == UInt8(ascii: "*"), !line.isEmpty {
                let stars = source.bytes[line].prefix { $0 == UInt8(ascii: "*") }.count
                if stars < line.count, source.byte(line.lowerBound + stars) == .space { headlines.append(index) }
            } else if let name = Self.blockName(text, after: "#+end_", in: source) {
                if text.lowerBound + "#+end_".utf8.count + name.utf8.count == text.upperBound {
                    self.lines[name, default: []].append(index)
                }
            } else if Self.isDrawer(text, in: source) {
                if source.has(":end:", at: text.lowerBound, caseInsensitive: true) {
                    self.lines[":", default: []].append(index)
                }
            } else if let name = Self.endedEnvironment(text, in: source) {
                self.lines["\\" + name, default: []].append(index)
            }
        }
    }

    /// What begins at a line, where it ends before another.
    func construct(
        at line: Int, _ text: Range<Int>, before limit: Int, in source: Excerpt
    ) throws(CancellationError) -> OrgConstruct? {
        if let name = Self.blockName(text, after: "#+begin_", in: source) {
            guard let end = first(named: name, after: line, before: limit) else { return nil }
            return Self.verbatimBlocks.contains(name) ? .passedOver(end: end) : .container(end: end)
        }
        if Self.isDrawer(text, in: source) {
            return first(named: ":", after: line, before: limit).map { .container(end: $0) }
        }
        if let name = Self.environment(text, after: "\\begin{", in: source) {
            return first(named: "\\" + name, after: line - 1, before: limit).map { .passedOver(end: $0) }
        }
        return nil
    }

    private func first(named name: String, after line: Int, before limit: Int) -> Int? {
        guard let end = Self.first(lines[name] ?? [], after: line), end < limit else { return nil }
        // Nothing but a headline's text goes beyond the next headline.
        return Self.first(headlines, after: line).map { $0 < end } ?? false ? nil : end
    }

    private static func first(_ sorted: [Int], after line: Int) -> Int? {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] > line { high = middle } else { low = middle + 1 }
        }
        return low < sorted.count ? sorted[low] : nil
    }

    /// The name in lower case of `#+begin_name` or `#+end_name`.
    private static func blockName(_ text: Range<Int>, after prefix: StaticString, in source: Excerpt) -> String? {
        guard source.has(prefix, at: text.lowerBound, caseInsensitive: true) else { return nil }
        let name = source.bytes[text].dropFirst(prefix.utf8CodeUnitCount).prefix(256).prefix { !$0.isSpace }
        return name.isEmpty ? nil : String(decoding: name.map(\.lowercased), as: UTF8.self)
    }

    /// `:name:`
    private static func isDrawer(_ text: Range<Int>, in source: Excerpt) -> Bool {
        let bytes = source.bytes[text]
        guard bytes.count > 2, bytes.first == UInt8(ascii: ":"), bytes.last == UInt8(ascii: ":") else { return false }
        return bytes.dropFirst().dropLast().allSatisfy {
            $0.isAlphanumeric || $0 >= 0x80 || "-_".utf8.contains($0)
        }
    }

    /// The name of the environment that begins here.
    private static func environment(_ text: Range<Int>, after prefix: StaticString, in source: Excerpt) -> String? {
        guard source.has(prefix, at: text.lowerBound, caseInsensitive: true) else { return nil }
        let rest = source.bytes[text].dropFirst(prefix.utf8CodeUnitCount).prefix(256)
        let name = rest.prefix { $0.isAlphanumeric || $0 == UInt8(ascii: "*") }
        guard !name.isEmpty, name.endIndex < rest.endIndex, rest[name.endIndex] == UInt8(ascii: "}") else { return nil }
        return String(decoding: name.map(\.lowercased), as: UTF8.self)
    }

    /// The name of the environment that the line's last word ends.
    private static func endedEnvironment(_ text: Range<Int>, in source: Excerpt) -> String? {
        let bytes = source.bytes[text]
        guard bytes.last == UInt8(ascii: "}"),
            let start = bytes.suffix(256).lastIndex(of: UInt8(ascii: "\\")),
            let name = environment(start..<text.upperBound, after: "\\end{", in: source),
            start + "\\end{".utf8.count + name.utf8.count + 1 == text.upperBound
        else { return nil }
        return name
    }
}
