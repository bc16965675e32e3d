import Captions
import Testing

/// Documents with what docutils 0.23 makes of them, as `tools/captions/rst_peer.py` asks it.
@Suite("Elements of reStructuredText", .timeLimit(.minutes(10)))
struct RSTElementTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var text: String
        /// Captions by image.
        var images: [String: String]

        init(_ text: String, _ images: [String: String]) { (self.text, self.images) = (text, images) }

        var testDescription: String { text.replacing("\n", with: "↵") }
    }

    static let examples = [
        // A body whose lines do not begin where the block does is none of a figure.
        Example(".. figure:: h\n\n  A\n\n u", [:]),
        Example(".. figure:: .\n  :t: \n d", [:]),
        Example(".. figure:: :t: \n\n e", [:]),
        // Two dots and a bracket are a comment; a label makes a footnote.
        Example(".. [\n .. |b| image:: f", [:]),
        Example(".. [1] .. |b| image:: f", ["f": "b"]),
        Example(".. [1] m\n .. |b| image:: f", [:]),
        Example(".. note:: .. |b| image:: f", ["f": "b"]),
        Example(".. note:: t\n .. |b| image:: f", [:]),
        // Two colons announce a literal block behind a blank line.
        Example(".::\n .. |b| image:: f", ["f": "b"]),
        Example(".. figure:: g\n\n h::\n\n .. |s| image:: n", ["g": "h:"]),
        // An underline shorter than its title is none if it is short.
        Example("tle\n==\n.. figure:: g\n\n a", [:]),
        Example("tle\n===\n.. figure:: g\n\n a", ["g": "a"]),
        // Pictures in a legend.
        Example(".. figure:: g\n\n t\n\n .. image:: d\n    :alt: l", ["g": "t", "d": "l"]),
        // What is no reference, and what is no substitution.
        Example(".. figure:: h\n\n ]_", ["h": "]_"]),
        Example(".. figure:: h\n\n [1]_ a", ["h": "[1] a"]),
        Example(".. figure:: h\n\n |_", ["h": "|_"]),
        Example(".. figure:: h\n\n |name| \n\n.. |name| replace::\n", ["h": "|name|"]),
    ]

    @Test("are told apart as docutils does", arguments: examples)
    func asDocutils(example: Example) throws {
        let found = try CaptionFinder.captions(in: example.text, languageId: "rst", documentPath: "/a.rst")
        #expect(
            Dictionary(uniqueKeysWithValues: found.map { ($0.image, $0.caption) })
                == Dictionary(uniqueKeysWithValues: example.images.map { ("/" + $0.key, $0.value) }))
    }
}
