/// `<img>` in HTML and in templates that look like it: its `alt`, or the `<figcaption>` of the figure around it.
///
/// Values with expressions of a template language are computed and not listed.
struct HTMLCaptions {
    private let source: Excerpt
    private let dialect: HTMLDialect
    private var found: [FoundCaption] = []
    /// Images without an alternative text in the open figures, outermost first.
    private var waiting: [(image: ImageReference, range: Range<Int>, isDecorative: Bool)] = []
    private var figures: [Figure] = []

    private struct Figure {
        /// How many images waited when it opened.
        var start: Int
        var caption: MappedText?
        var isInCaption = false
        var isComputed = false
    }

    static func captions(in source: Excerpt, dialect: HTMLDialect) throws(CancellationError) -> [FoundCaption] {
        var reader = HTMLCaptions(source: source, dialect: dialect)
        var tokens = HTMLTokenizer(source: source, dialect: dialect)
        while let token = try tokens.next() {
            switch token {
            case .text(let range): try reader.text(range)
            case .start(let tag): try reader.start(tag)
            case .end(let name): try reader.end(name)
            }
        }
        while !reader.figures.isEmpty { try reader.closeFigure() }
        return reader.found
    }

    private init(source: Excerpt, dialect: HTMLDialect) {
        self.source = source
        self.dialect = dialect
    }

    private mutating func start(_ tag: HTMLTag) throws(CancellationError) {
        if Self.isImage(tag, in: source, dialect: dialect) { return try image(tag) }
        let name = tag.lowercasedName(in: source)
        if name == "figure" {
            figures.append(Figure(start: waiting.count))
        } else if let last = figures.indices.last {
            if name == "figcaption" {
                if figures[last].caption == nil { figures[last].caption = MappedText() }
                figures[last].isInCaption = true
            } else if figures[last].isInCaption, !Self.phrasing.contains(name) {
                figures[last].caption?.append(" ", for: source.sourceRange(tag.start..<tag.start + 1))
            }
        }
    }

    private mutating func end(_ name: Range<Int>) throws(CancellationError) {
        guard let last = figures.indices.last else { return }
        switch HTMLTag.lowercased(name, in: source) {
        case "figure": try closeFigure()
        case "figcaption": figures[last].isInCaption = false
        default: break
        }
    }

    private mutating func text(_ range: Range<Int>) throws(CancellationError) {
        guard let last = figures.indices.last, figures[last].isInCaption else { return }
        if try isComputed(range) { figures[last].isComputed = true }
        try figures[last].caption?.appendDecoded(range, of: source, context: .text)
    }

    private mutating func image(_ tag: HTMLTag) throws(CancellationError) {
        guard let image = try Self.image(tag, in: source, dialect: dialect) else { return }
        let range = source.sourceRange(tag.start..<tag.end)
        switch try Self.text(tag, "alt", in: source, dialect: dialect) {
        case .computed: break
        case .plain(let text) where !text.isBlank:
            found.append(FoundCaption(image: image, caption: try text.collapsed(source.poll), range: range))
        case let text:
            // Attributes that are spread from an object may have a caption among them.
            let hasMore = tag.attributes.contains { $0.form == .braced && $0.name.isEmpty }
            waiting.append((image, range, text.isPlain || hasMore))
            if figures.isEmpty { giveUp(from: waiting.count - 1) }
        }
    }

    private mutating func closeFigure() throws(CancellationError) {
        let figure = figures.removeLast()
        guard let caption = figure.caption, !figure.isComputed else {
            // The figure around it may have a caption.
            if figure.isComputed {
                waiting.removeSubrange(figure.start...)
            } else if figures.isEmpty {
                giveUp(from: figure.start)
            }
            return
        }
        let text = try caption.collapsed(source.poll)
        found += waiting[figure.start...].map { FoundCaption(image: $0.image, caption: text, range: $0.range) }
        waiting.removeSubrange(figure.start...)
    }

    /// The waiting images from an index on have no caption.
    private mutating func giveUp(from start: Int) {
        found += waiting[start...].map {
            FoundCaption(image: $0.image, caption: MappedText(), range: $0.range, isDecorative: $0.isDecorative)
        }
        waiting.removeSubrange(start...)
    }

    private func isComputed(_ range: Range<Int>) throws(CancellationError) -> Bool {
        if dialect == .svelte {
            return try source.find(UInt8(ascii: "{"), from: range.lowerBound, to: range.upperBound) != nil
        }
        return dialect == .html ? false : try TemplateExpressions.isIn(range, of: source)
    }

    /// Elements that stand within a line, so that no space comes with them.
    private static let phrasing: Set<String> = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark",
        "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    ]
}

// MARK: One tag

extension HTMLCaptions {
    /// What an attribute says.
    enum Value {
        case absent
        case computed
        case plain(MappedText)

        var isPlain: Bool {
            if case .plain = self { true } else { false }
        }
    }

    static func isImage(_ tag: HTMLTag, in source: Excerpt, dialect: HTMLDialect) -> Bool {
        if tag.isNamed("img", in: source) { return true }
        switch dialect {
        case .vue: return tag.isNamed("nuxtimg", in: source) || tag.isNamed("nuxt-img", in: source)
        case .svelte: return tag.isNamed("enhanced:img", in: source)
        default: return false
        }
    }

    /// The image of an `img` tag with its alternative text, if neither is computed.
    static func caption(_ tag: HTMLTag, in source: Excerpt, dialect: HTMLDialect) throws(CancellationError)
        -> FoundCaption?
    {
        guard let image = try image(tag, in: source, dialect: dialect) else { return nil }
        let range = source.sourceRange(tag.start..<tag.end)
        switch try text(tag, "alt", in: source, dialect: dialect) {
        case .computed: return nil
        case .absent: return FoundCaption(image: image, caption: MappedText(), range: range)
        case .plain(let text):
            return FoundCaption(
                image: image, caption: try text.collapsed(source.poll), range: range, isDecorative: true)
        }
    }

    /// The image that a tag shows: `src`, `data-src` where that only holds a place, or the first candidate of `srcset`.
    private static func image(
        _ tag: HTMLTag, in source: Excerpt, dialect: HTMLDialect
    ) throws(CancellationError) -> ImageReference? {
        let plain = try text(tag, "src", in: source, dialect: dialect)
        if case .computed = plain { return nil }
        var uri: String? = nil
        if case .plain(let text) = plain, !text.isBlank { uri = text.text }
        if uri.map({ $0.trimmingSpaces.lowercased().hasPrefix("data:") }) ?? true,
            case .plain(let text) = try text(tag, "data-src", in: source, dialect: dialect), !text.isBlank
        {
            uri = text.text
        }
        if uri == nil, case .plain(let text) = try text(tag, "srcset", in: source, dialect: dialect) {
            uri = firstCandidate(text.text)
        }
        return uri.map { ImageReference(uri: $0) }
    }

    /// The first URL of `srcset` (Living Standard, 4.8.4.2.2).
    private static func firstCandidate(_ srcset: String) -> String? {
        let bytes = srcset.utf8.drop { $0.isSpace || $0 == UInt8(ascii: ",") }.prefix { !$0.isSpace }
        let url = String(decoding: bytes, as: UTF8.self)
        return String(url.reversed().drop { $0 == "," }.reversed())
    }

    private static func text(
        _ tag: HTMLTag, _ name: String, in source: Excerpt, dialect: HTMLDialect
    ) throws(CancellationError) -> Value {
        if dialect == .vue,
            let bound = tag.attribute(":" + name, in: source) ?? tag.attribute("v-bind:" + name, in: source)
        {
            guard let value = bound.value, let text = try JSXCaptions.string(value, in: source) else {
                return .computed
            }
            return .plain(text)
        }
        if dialect == .svelte {
            let shorthand = tag.attributes.contains {
                $0.form == .braced && $0.name.isEmpty && source.bytes[$0.value ?? 0..<0].elementsEqual(name.utf8)
            }
            if shorthand { return .computed }
        }
        guard let attribute = tag.attribute(name, in: source), let value = attribute.value else { return .absent }
        if attribute.form == .braced {
            guard let text = try JSXCaptions.string(value, in: source) else { return .computed }
            return .plain(text)
        }
        let hasBraces = try source.find(UInt8(ascii: "{"), from: value.lowerBound, to: value.upperBound) != nil
        let hasExpression = try TemplateExpressions.isIn(value, of: source)
        if hasExpression || dialect == .svelte && hasBraces || startsComputed(value, in: source) { return .computed }
        return .plain(try MappedText(decoding: value, of: source, context: .attribute))
    }

    /// `{…}` alone is JavaScript in whatever language the file really is.
    private static func startsComputed(_ value: Range<Int>, in source: Excerpt) -> Bool {
        value.count > 1 && source.byte(value.lowerBound) == UInt8(ascii: "{")
    }
}
