import Captions
import Testing

/// Documents with what `org-element.el` 9.5 makes of them, as `tools/captions/org_peer.py` asks it.
@Suite("Elements of Org", .timeLimit(.minutes(10)))
struct OrgElementTests {
    static let examples = [
        // What does not end is no block, drawer or environment.
        ElementExample("#+CAPTION: x\nfile:g.png\n#+begin_quote\n[[file:a.png]]\n", ["g.png": "x", "a.png": "x"]),
        ElementExample("#+CAPTION: x\n#+BEGIN_SRC x\nfile:g.png\n", ["g.png": "x"]),
        ElementExample("#+CAPTION: x\n:foo:\n[[file:e.png]]\n", ["e.png": "x"]),
        ElementExample("#+CAPTION: x\n[[file:e.png]]\n\\begin{a}\n[[file:g.png]]\n", ["e.png": "x", "g.png": "x"]),
        ElementExample("#+CAPTION: x\n[[file:e.png]]\n#+end_src\n[[file:g.png]]\n", ["e.png": "x", "g.png": "x"]),
        // What ends does so within the block around it.
        ElementExample(
            "#+CAPTION: x\n#+begin_quote\n[[file:e.png]]\n#+begin_src\nfile:g.png\n#+end_quote\n#+CAPTION: q\n"
                + "[[file:f.png]]\n#+end_src\n", ["f.png": "q"]),
        ElementExample(
            "#+CAPTION: x\n#+begin_quote\n#+CAPTION: y\n[[file:e.png]]\n#+end_quote\n[[file:f.png]]\n", ["e.png": "y"]),
        // Keywords with a short value.
        ElementExample("#+CAPTION: x\n#+foo[a]: u\n[[file:e.png]]\n", [:]),
        ElementExample("#+CAPTION: x\n[[file:e.png]]\n#+foo[a]: u\n[[file:g.png]]\n", ["e.png": "x", "g.png": "x"]),
        ElementExample("#+CAPTION: x\n[[file:e.png]]\n#+foo: u\n[[file:g.png]]\n", ["e.png": "x"]),
        // A comment behind keywords begins a paragraph.
        ElementExample("#+CAPTION: x\n# [[file:m.png]]\n", ["m.png": "x"]),
        ElementExample("#+CAPTION: x\n#\n[[file:e.png]]\n", ["e.png": "x"]),
        // What ends a paragraph.
        ElementExample("#+CAPTION: x\n[[file:e.png]]\n+--+\n[[file:g.png]]\n", ["e.png": "x"]),
        ElementExample("#+CAPTION: x\n[[file:e.png]]\na) foo\n[[file:g.png]]\n", ["e.png": "x", "g.png": "x"]),
        ElementExample("#+CAPTION: x\n[[file:e.png]]\n[fn:1] foo\n[[file:g.png]]\n", ["e.png": "x"]),
        ElementExample("#+CAPTION: x\n[[file:e.png]]\n%%(foo)\n[[file:g.png]]\n", ["e.png": "x"]),
        ElementExample("#+CAPTION: x\n[[file:e.png]]\nCLOCK: foo\n[[file:g.png]]\n", ["e.png": "x"]),
        ElementExample("#+CAPTION: x\n[[file:e.png]]\n-\n[[file:g.png]]\n", ["e.png": "x"]),
    ]

    @Test("are told apart as Emacs does", arguments: examples)
    func asEmacs(example: ElementExample) throws {
        #expect(try example.found(as: "org") == example.expected)
    }
}
