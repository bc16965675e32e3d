/// `<img src alt>` in HTML and in templates that look like it. Comments, scripts and styles are passed over;
/// values with template expressions (`{{ … }}`, `{% … %}`, `<?…?>`) are computed and not listed.
struct HTMLCaptions {
    var source: Excerpt

    func captions() -> [FoundCaption] {
        var result: [FoundCaption] = []
        var index = 0
        var hasCommentEnd = true
        while let open = source.bytes[index...].firstIndex(of: UInt8(ascii: "<")) {
            index = open + 1
            if hasCommentEnd, source.has("<!--", at: open) {
                if let close = source.find("-->", from: open + 4) { index = close + 3 } else { hasCommentEnd = false }
            } else if let tag = HTMLTag(source, at: open, end: source.count, braces: false) {
                index = tag.end
                if let caption = Self.caption(tag, at: open, in: source) { result.append(caption) }
                if let end = rawTextEnd(tag) { index = end }
            }
        }
        return result
    }

    /// The caption of an `img` tag whose source and text are plain.
    static func caption(_ tag: HTMLTag, at open: Int, in source: Excerpt) -> FoundCaption? {
        guard tag.isNamed("img", in: source), let image = tag.attribute("src", in: source)?.value,
            let alt = tag.attribute("alt", in: source)?.value, !isComputed(image, in: source),
            !isComputed(alt, in: source)
        else { return nil }
        return FoundCaption(
            image: ImageReference(uri: Entities.text(image, of: source).text),
            caption: Entities.text(alt, of: source).collapsed(),
            range: source.sourceRange(open..<tag.end))
    }

    private static func isComputed(_ range: Range<Int>, in source: Excerpt) -> Bool {
        source.byte(range.lowerBound) == UInt8(ascii: "{") && range.count > 1
            || source.find("{{", from: range.lowerBound, to: range.upperBound) != nil
            || source.find("{%", from: range.lowerBound, to: range.upperBound) != nil
            || source.find("<?", from: range.lowerBound, to: range.upperBound) != nil
    }

    /// Where the text of an element that holds no tags ends.
    private func rawTextEnd(_ tag: HTMLTag) -> Int? {
        if tag.isNamed("script", in: source) {
            return source.find("</script", from: tag.end, caseInsensitive: true) ?? source.count
        }
        if tag.isNamed("style", in: source) {
            return source.find("</style", from: tag.end, caseInsensitive: true) ?? source.count
        }
        if tag.isNamed("textarea", in: source) {
            return source.find("</textarea", from: tag.end, caseInsensitive: true) ?? source.count
        }
        if tag.isNamed("title", in: source) {
            return source.find("</title", from: tag.end, caseInsensitive: true) ?? source.count
        }
        return nil
    }
}
