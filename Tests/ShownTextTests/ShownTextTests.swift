import ShownText
import Testing

@Suite("Texts of others in messages", .timeLimit(.minutes(10)))
struct ShownTextTests {
    @Test(
        "what could forge a line or steer a terminal is escaped wherever a text is shown",
        arguments: [
            ("a\nb", #"a\nb"#), ("a\tb\r", #"a\tb\r"#), ("\u{1B}[31m", #"\u{1B}[31m"#), ("\u{0}", #"\u{0}"#),
            ("\u{9B}31m", #"\u{9B}31m"#), ("\u{2028}", #"\u{2028}"#), ("\u{202E}gnp", #"\u{202E}gnp"#),
            ("dog", "dog"), ("犬 🐕‍🦺", "犬 🐕‍🦺"),
        ])
    func escapes(text: String, shown: String) {
        #expect(text.printable() == shown)
        #expect(text.shown == shown)
    }

    @Test("lines stay lines where several are printed")
    func lines() {
        #expect("a\n\tb\r\n\u{1B}".printable(inLines: true) == "a\n\tb\\r\n\\u{1B}")
    }

    @Test("a name is told by its code points where they would join with the text before them")
    func names() {
        #expect("\u{301}x".quotedName == #""\u{301}x""#)
        #expect("plain".quotedName == #""plain""#)
    }

    @Test("of a long text the middle is left out, whatever its characters are made of")
    func long() {
        let marks = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(marks.shown.unicodeScalars.count == 401)
        #expect(marks.excerpt.unicodeScalars.count == 903)
        #expect(marks.quotedName.unicodeScalars.count < 1000)
        #expect(String(repeating: "a", count: 1000).excerpt.count == 1000)
        #expect(String(repeating: "a", count: 400).shown.count == 400)
    }

    @Test("an excerpt is the text itself, or its two ends")
    func excerpts() {
        let text = String(repeating: "é", count: 1000)
        #expect(text.excerpt == text)
        let long = "begin " + String(repeating: "x", count: 1_000_000) + " end"
        #expect(long.excerpt.count < 1000)
        #expect(long.excerpt.hasPrefix("begin x") && long.excerpt.hasSuffix("x end"))
    }
}
