import Captions
import Testing

@Suite("Captions in hostile text", .timeLimit(.minutes(10)))
struct CaptionRobustnessTests {
    /// Fragments whose repetition makes careless scanners slow or lost.
    static let fragments = [
        "![", "[", "](", "![a](", "![a](<", "![a](b \"", "`", "``` ", "<", "<!--", "<img src=\"", "<img alt='a' src=",
        "<a b=\"", "{", "<img {", "<img src={`",
        "\\begin{figure}", "\\includegraphics{", "\\caption{", "\\caption{{", "\\subfloat[a]{", "%", "\\verb|",
        ".. image:: a\n", ".. figure:: a\n   :alt: b\n", "`a ", "*a ", "[[",
        "#+CAPTION: a\n", "#+BEGIN_SRC\n", "&", "&#", "> ", "- ", "    ", "\n", "\r", "![a][", "[a]: b\n", "_*", "é",
        "🐍", "\u{0}", "/*", "'", "-->", "![a ![b](c.png) ", "](c.png)",
    ]

    @Test("Any repeated fragment is read in every language", arguments: fragments)
    func repeated(fragment: String) throws {
        let text = String(repeating: fragment, count: 3_000)
        for id in CaptionFinder.languageIds {
            for caption in try CaptionFinder.captions(in: text, languageId: id) {
                #expect(!caption.caption.isEmpty && !caption.image.isEmpty)
            }
        }
    }

    @Test("Random mixtures keep every invariant")
    func mixtures() throws {
        var state: UInt64 = 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces =
            Self.fragments + [
                "![cat](cat.png)", "<img src=\"a.png\" alt=\"b\">", "cat", ")", "]", "}", "\"", ">", "\\end{figure}",
                "\n\n", "\\caption{x}", "[[file:a.png]]\n", ".. figure:: a.png\n\n   ", "\\", "*",
            ]
        for _ in 0..<400 {
            let text = (0..<next(60) + 1).map { _ in pieces[next(pieces.count)] }.joined()
            for id in CaptionFinder.languageIds {
                for encoding in PositionEncoding.allCases {
                    let found = try CaptionFinder.captions(in: text, languageId: id, encoding: encoding)
                    for (a, b) in zip(found, found.dropFirst()) { #expect(a.range.start <= b.range.start) }
                    for caption in found {
                        #expect(
                            caption.range.start < caption.range.end
                                && caption.captionRange.start <= caption.captionRange.end)
                        #expect(caption.runs.last?.end == caption.caption.unicodeScalars.count)
                    }
                }
            }
        }
    }

    @Test(
        "Markup that opens with the last character of a caption stands for nothing",
        arguments: ["\\", "*", "**", "`", "``"])
    func markupAtTheEnd(markup: String) throws {
        let text = ".. figure:: cat.png\n\n   A cat \(markup)\n\nText.\n"
        let found = try CaptionFinder.captions(in: text, languageId: "restructuredtext")
        #expect(found.map { $0.caption.hasPrefix("A cat") } == [true])
        #expect(
            try CaptionFinder.captions(
                in: ".. image:: cat.png\n   :alt: A cat \(markup)\n", languageId: "restructuredtext"
            ).count == 1)
    }

    @Test("Text cut anywhere is still read", arguments: CaptionCase.all)
    func truncated(item: CaptionCase) throws {
        let scalars = Array(item.text.unicodeScalars)
        for length in 0...scalars.count {
            let text = String(String.UnicodeScalarView(scalars.prefix(length)))
            #expect(try CaptionFinder.captions(in: text, languageId: item.languageId).count <= item.expected.count + 1)
        }
    }
}
