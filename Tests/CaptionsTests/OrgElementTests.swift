import Captions
import Testing

/// Documents with what `org-element.el` 9.5 makes of them, as `tools/captions/org_peer.py` asks it.
@Suite("Elements of Org", .timeLimit(.minutes(10)))
struct OrgElementTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var text: String
        /// Image and caption, in order.
        var images: [String: String]

        init(_ text: String, _ images: [String: String]) { (self.text, self.images) = (text, images) }

        var testDescription: String { text.replacing("\n", with: "↵") }
    }

    static let examples = [
        // What does not end is no block, drawer or environment.
        Example("#+CAPTION: x\nfile:g.png\n#+begin_quote\n[[file:a.png]]\n", ["g.png": "x", "a.png": "x"]),
        Example("#+CAPTION: x\n#+BEGIN_SRC x\nfile:g.png\n", ["g.png": "x"]),
        Example("#+CAPTION: x\n:foo:\n[[file:e.png]]\n", ["e.png": "x"]),
        Example("#+CAPTION: x\n[[file:e.png]]\n\\begin{a}\n[[file:g.png]]\n", ["e.png": "x", "g.png": "x"]),
        Example("#+CAPTION: x\n[[file:e.png]]\n#+end_src\n[[file:g.png]]\n", ["e.png": "x", "g.png": "x"]),
        // What ends does so within the block around it.
        Example(
            "#+CAPTION: x\n#+begin_quote\n[[file:e.png]]\n#+begin_src\nfile:g.png\n#+end_quote\n#+CAPTION: q\n"
                + "[[file:f.png]]\n#+end_src\n", ["f.png": "q"]),
        Example(
            "#+CAPTION: x\n#+begin_quote\n#+CAPTION: y\n[[file:e.png]]\n#+end_quote\n[[file:f.png]]\n", ["e.png": "y"]),
        // Keywords with a short value.
        Example("#+CAPTION: x\n#+foo[a]: u\n[[file:e.png]]\n", [:]),
        Example("#+CAPTION: x\n[[file:e.png]]\n#+foo[a]: u\n[[file:g.png]]\n", ["e.png": "x", "g.png": "x"]),
        Example("#+CAPTION: x\n[[file:e.png]]\n#+foo: u\n[[file:g.png]]\n", ["e.png": "x"]),
        // A comment behind keywords begins a paragraph.
        Example("#+CAPTION: x\n# [[file:m.png]]\n", ["m.png": "x"]),
        Example("#+CAPTION: x\n#\n[[file:e.png]]\n", ["e.png": "x"]),
        // What ends a paragraph.
        Example("#+CAPTION: x\n[[file:e.png]]\n+--+\n[[file:g.png]]\n", ["e.png": "x"]),
        Example("#+CAPTION: x\n[[file:e.png]]\na) foo\n[[file:g.png]]\n", ["e.png": "x", "g.png": "x"]),
        Example("#+CAPTION: x\n[[file:e.png]]\n[fn:1] foo\n[[file:g.png]]\n", ["e.png": "x"]),
        Example("#+CAPTION: x\n[[file:e.png]]\n%%(foo)\n[[file:g.png]]\n", ["e.png": "x"]),
        Example("#+CAPTION: x\n[[file:e.png]]\nCLOCK: foo\n[[file:g.png]]\n", ["e.png": "x"]),
        Example("#+CAPTION: x\n[[file:e.png]]\n-\n[[file:g.png]]\n", ["e.png": "x"]),
    ]

    @Test("are told apart as Emacs does", arguments: examples)
    func asEmacs(example: Example) throws {
        let found = try CaptionFinder.captions(in: example.text, languageId: "org", documentPath: "/a.org")
        #expect(
            Dictionary(uniqueKeysWithValues: found.map { ($0.image, $0.caption) })
                == Dictionary(uniqueKeysWithValues: example.images.map { ("/" + $0.key, $0.value) }))
    }
}
