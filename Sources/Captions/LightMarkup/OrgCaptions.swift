/// `#+CAPTION:` with the image link that follows it, in Org (manual, "Captions" and "Images").
///
/// Affiliated keywords may stand between them; several `#+CAPTION:` lines are one caption. Blocks of source, examples
/// and comments are passed over.
struct OrgCaptions {
    var source: Excerpt

    func captions() -> [FoundCaption] {
        var result: [FoundCaption] = []
        var caption = MappedText()
        var openBlock: String?
        for line in source.lines() {
            let text = source.trimmed(line)
            if let block = openBlock {
                if source.string(text).lowercased() == "#+end_\(block)" { openBlock = nil }
                continue
            }
            if source.has("#+begin_", at: text.lowerBound, caseInsensitive: true) {
                let name = source.string(text.lowerBound + 8..<text.upperBound).prefix { !$0.isWhitespace }.lowercased()
                if ["src", "example", "comment", "export", "verse"].contains(name) { openBlock = name }
                continue
            }
            if let value = keyword("caption", text) {
                if !caption.isEmpty { caption.append(" ", for: value.lowerBound..<value.lowerBound) }
                caption.append(OrgPlainText(source: source).text(value))
            } else if source.has("#+", at: text.lowerBound)
                || (source.byte(text.lowerBound) == UInt8(ascii: "#") && !text.isEmpty)
            {
                continue
            } else {
                if !caption.isEmpty {
                    result += images(text).map {
                        FoundCaption(image: $0.image, caption: caption.collapsed(), range: $0.range)
                    }
                }
                caption = MappedText()
            }
        }
        return result
    }

    /// The value of `#+NAME: value` or `#+NAME[short]: value`.
    private func keyword(_ name: StaticString, _ text: Range<Int>) -> Range<Int>? {
        guard source.has("#+", at: text.lowerBound), source.has(name, at: text.lowerBound + 2, caseInsensitive: true)
        else { return nil }
        var index = text.lowerBound + 2 + name.utf8CodeUnitCount
        if source.byte(index) == UInt8(ascii: "["), let close = source.find("]:", from: index, to: text.upperBound) {
            index = close + 1
        }
        guard source.byte(index) == UInt8(ascii: ":"), index < text.upperBound else { return nil }
        return source.trimmed(index + 1..<text.upperBound)
    }

    /// Links of a line that Org shows as images: to an image file, or with an image file as description.
    private func images(_ line: Range<Int>) -> [(image: ImageReference, range: Range<Int>)] {
        var result: [(ImageReference, Range<Int>)] = []
        var index = line.lowerBound
        while let open = source.find("[[", from: index, to: line.upperBound),
            let close = source.find("]]", from: open, to: line.upperBound)
        {
            index = close + 2
            let middle = source.find("][", from: open, to: close)
            let target = source.string(open + 2..<(middle ?? close))
            let shown = middle.map { source.string($0 + 2..<close) } ?? target
            if let path = Self.imagePath(shown) { result.append((path, open..<close + 2)) }
        }
        return result
    }

    private static func imagePath(_ link: String) -> ImageReference? {
        let extensions = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".bmp", ".tif", ".tiff", ".avif"]
        guard extensions.contains(where: { link.lowercased().hasSuffix($0) }) else { return nil }
        if link.hasPrefix("file:") { return ImageReference(path: String(link.dropFirst(5))) }
        // A scheme other than file: is no local file.
        if let colon = link.firstIndex(of: ":"), !link[..<colon].contains("/") { return nil }
        return ImageReference(path: link)
    }
}

/// Org's emphasis and links reduced to their text.
struct OrgPlainText {
    var source: Excerpt

    func text(_ range: Range<Int>) -> MappedText {
        var result = MappedText()
        var (index, plain) = (range.lowerBound, range.lowerBound)
        var open: [UInt8: Int] = [:]
        let closing = closingMarkers(range)
        func flush(to next: Int) {
            if plain < index { result.append(plain..<index, of: source) }
            (index, plain) = (next, next)
        }
        while index < range.upperBound {
            let byte = source.byte(index)
            if source.has("[[", at: index), let close = source.find("]]", from: index, to: range.upperBound) {
                let shown = (source.find("][", from: index, to: close) ?? index) + 2
                flush(to: shown)
                result.append(shown..<close, of: source)
                (index, plain) = (close + 2, close + 2)
            } else if let start = open[byte], start >= 0, canClose(index, range) {
                open[byte] = nil
                flush(to: index + 1)
            } else if Self.markers.contains(byte), canOpen(index, range), (closing[byte] ?? -1) > index + 1 {
                open[byte] = index
                flush(to: index + 1)
            } else {
                index += 1
            }
        }
        flush(to: range.upperBound)
        return result
    }

    private static let markers = Set("*/_=~+".utf8)

    /// The last place where each marker can close.
    private func closingMarkers(_ range: Range<Int>) -> [UInt8: Int] {
        var result: [UInt8: Int] = [:]
        for index in range where Self.markers.contains(source.byte(index)) && canClose(index, range) {
            result[source.byte(index)] = index
        }
        return result
    }

    private func canOpen(_ index: Int, _ range: Range<Int>) -> Bool {
        let before = index > range.lowerBound ? source.byte(index - 1) : .space
        let after = index + 1 < range.upperBound ? source.byte(index + 1) : .space
        return (before.isSpace || "-('\"{*/_+".utf8.contains(before)) && !after.isSpace
    }

    private func canClose(_ index: Int, _ range: Range<Int>) -> Bool {
        let before = index > range.lowerBound ? source.byte(index - 1) : .space
        let after = index + 1 < range.upperBound ? source.byte(index + 1) : .space
        return !before.isSpace && (after.isSpace || "-.,:!?;'\")}[*/_+".utf8.contains(after))
    }
}
