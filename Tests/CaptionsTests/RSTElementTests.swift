import Captions
import Testing

/// Documents with what docutils 0.23 makes of them, as `tools/captions/rst_peer.py` asks it.
@Suite("Elements of reStructuredText", .timeLimit(.minutes(10)))
struct RSTElementTests {
    static let examples = [
        // A body whose lines do not begin where the block does is none of a figure.
        ElementExample(".. figure:: h\n\n  A\n\n u", [:]),
        ElementExample(".. figure:: .\n  :t: \n d", [:]),
        ElementExample(".. figure:: :t: \n\n e", [:]),
        // Two dots and a bracket are a comment; a label makes a footnote.
        ElementExample(".. [\n .. |b| image:: f", [:]),
        ElementExample(".. [1] .. |b| image:: f", ["f": "b"]),
        ElementExample(".. [1] m\n .. |b| image:: f", [:]),
        ElementExample(".. note:: .. |b| image:: f", ["f": "b"]),
        ElementExample(".. note:: t\n .. |b| image:: f", [:]),
        // Two colons announce a literal block behind a blank line.
        ElementExample(".::\n .. |b| image:: f", ["f": "b"]),
        ElementExample(".. figure:: g\n\n h::\n\n .. |s| image:: n", ["g": "h:"]),
        // An underline shorter than its title is none if it is short.
        ElementExample("tle\n==\n.. figure:: g\n\n a", [:]),
        ElementExample("tle\n===\n.. figure:: g\n\n a", ["g": "a"]),
        // Pictures in a legend.
        ElementExample(".. figure:: g\n\n t\n\n .. image:: d\n    :alt: l", ["g": "t", "d": "l"]),
        // What is no reference, and what is no substitution.
        ElementExample(".. figure:: h\n\n ]_", ["h": "]_"]),
        ElementExample(".. figure:: h\n\n [1]_ a", ["h": "[1] a"]),
        ElementExample(".. figure:: h\n\n |_", ["h": "|_"]),
        ElementExample(".. figure:: h\n\n |name| \n\n.. |name| replace::\n", ["h": "|name|"]),
    ]

    @Test("are told apart as docutils does", arguments: examples)
    func asDocutils(example: ElementExample) throws {
        #expect(try example.found(as: "rst") == example.expected)
    }
}
