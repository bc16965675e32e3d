import Captions
import Testing

import LanguageServer

@Suite("A document that is changed piece by piece", .timeLimit(.minutes(10)))
struct DocumentTextTests {
    /// The same by Swift's own strings: lines as arrays of units.
    private func replaced(_ text: String, _ range: TextRange, _ new: String, _ encoding: PositionEncoding) -> String {
        let scalars = Array(text.unicodeScalars)
        func index(_ position: TextPosition) -> Int {
            var (line, index) = (0, 0)
            while line < position.line {
                guard let end = scalars[index...].firstIndex(where: { $0 == "\n" || $0 == "\r" }) else {
                    return scalars.count
                }
                index = scalars[end] == "\r" && end + 1 < scalars.count && scalars[end + 1] == "\n" ? end + 2 : end + 1
                line += 1
            }
            var units = 0
            while index < scalars.count, scalars[index] != "\n", scalars[index] != "\r" {
                let width =
                    switch encoding {
                    case .utf8: UTF8.width(scalars[index])
                    case .utf16: UTF16.width(scalars[index])
                    case .utf32: 1
                    }
                if units + width > position.character { break }
                (units, index) = (units + width, index + 1)
            }
            return index
        }
        let (start, end) = (index(range.start), max(index(range.start), index(range.end)))
        var result = String.UnicodeScalarView(scalars[..<start])
        result.append(contentsOf: new.unicodeScalars)
        result.append(contentsOf: scalars[end...])
        return String(result)
    }

    @Test("Random changes give what strings give", arguments: PositionEncoding.allCases)
    func randomChanges(encoding: PositionEncoding) {
        var generator = SystemRandomNumberGenerator()
        let pieces = ["a", "é", "🐍", "\n", "\r\n", "\r", "e\u{301}", "\u{FEFF}", "![x](y)", ""]
        for _ in 0..<40 {
            var text = (0..<12).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            var document = DocumentText(text)
            for _ in 0..<20 {
                func position() -> TextPosition {
                    TextPosition(
                        line: .random(in: 0...5, using: &generator), character: .random(in: 0...8, using: &generator))
                }
                let range = TextRange(start: position(), end: position())
                let new = pieces.randomElement(using: &generator) ?? ""
                text = replaced(text, range, new, encoding)
                document.replace(range, with: new, encoding: encoding)
                #expect(Array(document.string.utf8) == Array(text.utf8))
                if Array(document.string.utf8) != Array(text.utf8) { return }
            }
        }
    }

    @Test("A byte's position leads back to it", arguments: PositionEncoding.allCases)
    func positions(encoding: PositionEncoding) {
        let text = DocumentText("é\r\n🐍 a\rb\n\n")
        for offset in [0, 2, 4, 8, 9, 10, 11, 12, 13, 14] where offset <= text.bytes.count {
            let position = text.position(of: offset, encoding: encoding)
            #expect(text.offset(of: position, encoding: encoding) == offset)
        }
    }

    @Test("A change without a range is the whole document")
    func whole() {
        var text = DocumentText("a")
        text.replace(nil, with: "b\nc", encoding: .utf16)
        #expect(text.string == "b\nc")
        #expect(
            text.text(
                TextRange(start: TextPosition(line: 1, character: 0), end: TextPosition(line: 9, character: 9)),
                encoding: .utf8) == "c")
    }

    @Test(
        "Paths and URIs",
        arguments: [
            ("file:///a/b%20c.md", "/a/b c.md"), ("file:///caf%C3%A9.md", "/café.md"), ("FILE://host/x", "/x"),
            ("file:///a%2", "/a%2"),
        ])
    func paths(uri: String, path: String) {
        #expect(DocumentURI.path(uri) == path)
        #expect(DocumentURI.path(DocumentURI.uri(path)) == path)
    }

    @Test(
        "What is no file has no path", arguments: ["untitled:Untitled-1", "https://example.org/a", "file://host", ""])
    func noPath(uri: String) { #expect(DocumentURI.path(uri) == nil) }

    @Test(
        "Where an image's destination is written",
        arguments: [
            ("![](a.png)", "a.png"), ("![](<a b.png> \"t\")", "a b.png"), ("![]( a.png 't' )", "a.png"),
            ("![][a]", nil), ("![]()", nil),
        ] as [(String, String?)])
    func destinations(source: String, destination: String?) {
        #expect(MarkdownImage.destination(of: source) == destination)
    }
}
