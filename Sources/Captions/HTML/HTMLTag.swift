/// An opening tag with its attributes, as HTML and JSX write it.
struct HTMLTag {
    /// The index of `<`.
    var start: Int
    var name: Range<Int>
    var attributes: [Attribute] = []
    var isSelfClosing = false
    /// The index after `>`.
    var end: Int

    struct Attribute {
        var name: Range<Int>
        /// Between the quotes or braces; nil without a value.
        var value: Range<Int>?
        var form: Form
    }

    /// How a value is written.
    enum Form { case none, quoted, unquoted, braced }

    /// The attribute of a name in lower case. Where a name stands twice the first counts, as in browsers.
    func attribute(_ name: String, in source: Excerpt) -> Attribute? {
        attributes.first { Self.matches($0.name, name, in: source) }
    }

    func isNamed(_ text: String, in source: Excerpt, caseInsensitive: Bool = true) -> Bool {
        caseInsensitive ? Self.matches(name, text, in: source) : source.bytes[name].elementsEqual(text.utf8)
    }

    /// The name in lower case.
    func lowercasedName(in source: Excerpt) -> String { Self.lowercased(name, in: source) }

    static func lowercased(_ name: Range<Int>, in source: Excerpt) -> String {
        String(decoding: source.bytes[name].map(\.lowercased), as: UTF8.self)
    }

    private static func matches(_ range: Range<Int>, _ name: String, in source: Excerpt) -> Bool {
        range.count == name.utf8.count
            && zip(source.bytes[range], name.utf8).allSatisfy { $0.lowercased == $1 }
    }
}
