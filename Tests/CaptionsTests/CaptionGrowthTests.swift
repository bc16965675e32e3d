import Captions
import TestSupport
import Testing

/// Text that makes careless readers look for the same ending again and again.
struct HostileText: CustomTestStringConvertible {
    var name: String
    /// Opens once, then repeats.
    var head = ""
    var unit: String
    var testDescription: String { name }

    init(_ unit: String, after head: String = "") {
        (self.head, self.unit) = (head, unit)
        name = head.isEmpty ? unit : head + "…" + unit
    }

    func text(bytes: Int) -> String { head + String(repeating: unit, count: max(1, bytes / unit.utf8.count)) }

    /// Brackets, quotes, fences, scopes, character references, comments and braces, alone and in pairs.
    static let all: [HostileText] = {
        let openings = [
            "[", "![", "![[", "[[", "](", "](<", "](a \"", "][", "`", "``", "```\n", "~~~\n", ":::{figure} a\n", "<",
            "<!--",
            "<!", "<?", "<%", "<![CDATA[", "<a ", "<a b=\"", "<a b='", "<a {x", "<a {x/*", "<a {`${", "<img alt=\"{{",
            "<svg>", "<!--<script>",
            "<figure>", "<figure><img src=a alt>", "<figcaption>", "{", "{{", "{%", "{#", "{/*", "{`", "{<a>", "/[",
            "/*",
            "&", "&#", "&#x", "&notit", "\\", "\\a", "\\begin{a}", "\\end{a}", "\\begin{verbatim}",
            "\\includegraphics[",
            "\\includegraphics{a}", "\\caption[", "\\caption{", "\\cite[", "\\subfloat[a]{", "\\verb|", "% a\n",
            "~\\cite[",
            "#+CAPTION: [[", "#+CAPTION[", "#+CAPTION: a\n", "#+CAPTION: [[a][\n", "#+begin_src\n", "#+end_src\n",
            "[fn:",
            "file:", "<file:", "*", "**", "*a ", "a* ", "_", "__", "~~", "*a_", ".. figure:: a\n", ".. note::\n",
            "::\n",
            ".. |a| image:: b\n", "|", "| a ", "`a ", ":a:`", "_`", "|a", "> ", "- ", "1. ", "   ", "\t", "a\n", "\n",
            "\r", "'",
            "\"", "---\n", "+++\n", "|-|-\n", "[a]: b\n", "[a]: b \"", "import a from \"", "é", "🐍", "\u{0}",
            "!TEX root = ",
        ]
        var result = openings.map { HostileText($0) }
        for (index, opening) in openings.enumerated() {
            // Neighbours in the list above and far ones, so that every opening meets others.
            for step in [1, 7, 31] { result.append(HostileText(opening + openings[(index + step) % openings.count])) }
        }
        result += [
            HostileText(" {x", after: "<a "), HostileText(" b=\"", after: "<img src=a alt=\""),
            HostileText("{{ ", after: "<img src=a alt=\""),
            HostileText("\\cite[", after: "\\begin{figure}\\includegraphics{a}\\caption{"),
            HostileText("\\cite[a", after: "\\begin{figure}\\includegraphics{a}\\caption{x"),
            HostileText("*a ", after: "![x "), HostileText("*a _b ", after: "![x "),
            HostileText("&#", after: "<img src=a alt=\""),
            HostileText("[[", after: "#+CAPTION: "), HostileText("*a =b ", after: "#+CAPTION: "),
            HostileText("`a ", after: ".. figure:: a\n\n   "), HostileText("|a *b ", after: ".. figure:: a\n\n   "),
            HostileText("\\begin{figure}\\includegraphics{a}"), HostileText("\\subfloat[a]{\\includegraphics{b}"),
        ]
        return result
    }()
}

@Suite("Time that readers take", .serialized, .timeLimit(.minutes(10)))
struct CaptionGrowthTests {
    /// Nested blocks, which no repeated text makes: each line is indented deeper than the one before.
    private static func nested(_ line: String, bytes: Int) -> String {
        var (text, depth) = ("", 0)
        while text.utf8.count < bytes {
            text += String(repeating: " ", count: depth * 3) + line + "\n\n"
            depth += 1
        }
        return text
    }

    private func expectLinear(_ languageId: String, _ name: String, _ text: (Int) -> String) throws {
        let growth = try Growth.ofSuperlinear(size: 20_000) { size in
            _ = try CaptionFinder.captions(in: text(size), languageId: languageId)
        }
        if let growth { Issue.record("\(languageId), \(name): \(growth)") }
    }

    @Test(
        "Hostile text takes time in proportion to its length", .timeLimit(.minutes(10)),
        arguments: CaptionFinder.languageIds)
    func hostile(languageId: String) throws {
        for hostile in HostileText.all {
            try expectLinear(languageId, hostile.name) { hostile.text(bytes: $0) }
        }
    }

    @Test(
        "Blocks that are nested ever deeper, too", .timeLimit(.minutes(10)),
        arguments: [".. note::", ".. figure:: a", "- a", "::", "> a", "#+CAPTION: a", "<figure>", "<a>"])
    func deep(line: String) throws {
        for languageId in CaptionFinder.languageIds {
            try expectLinear(languageId, "nested \(line)") { Self.nested(line, bytes: $0) }
        }
    }
}

@Suite("Readers that are called off", .timeLimit(.minutes(10)))
struct CaptionCancellationTests {
    private final class Calls {
        var count = 0
    }

    @Test("Every reader asks often, and ends with a CancellationError", arguments: CaptionFinder.languageIds)
    func cancelled(languageId: String) throws {
        let texts = [
            "word ", "![a](b.png) ", "<img src=a.png alt=b>\n",
            "\\begin{figure}\\includegraphics{a}\\caption{b}\\end{figure}\n",
            "#+CAPTION: a\n[[./b.png]]\n\n", ".. image:: a.png\n   :alt: b\n\n", "[", "<", "{", "\n",
        ]
        for unit in texts {
            let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
            #expect(throws: CancellationError.self) {
                try CaptionFinder.captions(in: text, languageId: languageId, isCancelled: { true })
            }
            let calls = Calls()
            #expect(throws: CancellationError.self) {
                try CaptionFinder.captions(
                    in: text, languageId: languageId,
                    isCancelled: {
                        calls.count += 1
                        return calls.count == 20
                    })
            }
            #expect(calls.count == 20, "asked \(calls.count) times in a megabyte")
        }
    }
}
