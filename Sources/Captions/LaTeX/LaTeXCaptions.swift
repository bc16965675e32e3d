/// `\includegraphics` with the `\caption` of the environment around it.
///
/// The innermost environment (or `\subfloat`, `\subfigure`, `\subcaptionbox`) that has a caption gives it to its
/// images. Several images with as many captions are paired in order; otherwise all take the first. `\graphicspath`
/// gives the folder of relative names (its first entry, since no file is looked for). Comments and verbatim
/// environments are passed over.
struct LaTeXCaptions {
    var source: Excerpt

    private struct Scope {
        /// Where a braced scope ends; nil for an environment, which ends at its `\end`.
        var end: Int?
        var images: [(path: String, range: Range<Int>)] = []
        var captions: [MappedText] = []
    }

    func captions() -> [FoundCaption] {
        var scopes = [Scope()]
        var result: [FoundCaption] = []
        var folder = ""
        var index = 0
        while index < source.count {
            while scopes.count > 1, let end = scopes[scopes.count - 1].end, index >= end {
                Self.close(&scopes, into: &result)
            }
            let byte = source.byte(index)
            if byte == UInt8(ascii: "%") {
                index = lineEnd(index)
                continue
            }
            guard byte == .backslash else {
                index += 1
                continue
            }
            let name = LaTeXSyntax.commandName(source, at: index)
            var arguments = LaTeXArguments(source: source, index: name.upperBound)
            switch source.string(name) {
            case "begin":
                guard let environment = arguments.required() else { break }
                let text = source.string(environment)
                if Self.verbatim.contains(text) {
                    index = verbatimEnd(text, from: arguments.index)
                    continue
                }
                scopes.append(Scope())
            case "end":
                guard arguments.required() != nil, scopes.count > 1 else { break }
                Self.close(&scopes, into: &result)
            case "includegraphics":
                arguments.star()
                while arguments.optional() != nil {}
                guard let path = arguments.required() else { break }
                let text = source.string(source.trimmed(path)).trimmingQuotes
                guard !text.isEmpty, !text.contains("\\"), !text.contains("#") else { break }
                let full = text.hasPrefix("/") ? text : folder + text
                scopes[scopes.count - 1].images.append((full, index..<arguments.index))
            case "caption", "captionof", "subcaption":
                arguments.star()
                if source.string(name) == "captionof" { _ = arguments.required() }
                _ = arguments.optional()
                guard let text = arguments.required() else { break }
                scopes[scopes.count - 1].captions.append(LaTeXPlainText(source: source).text(text).collapsed())
            case "subfloat", "subfigure", "subcaptionbox":
                openBox(&arguments, isBox: source.string(name) == "subcaptionbox", in: &scopes)
            case "graphicspath":
                guard let list = arguments.required() else { break }
                var entries = LaTeXArguments(source: source, index: list.lowerBound)
                if let first = entries.required() { folder = source.string(first) }
            case "verb", "lstinline":
                arguments.star()
                index = LaTeXSyntax.verbEnd(source, at: arguments.index)
                continue
            default: break
            }
            index = max(arguments.index, index + 1)
        }
        while scopes.count > 1 { Self.close(&scopes, into: &result) }
        return result
    }

    private static let verbatim: Set<String> = [
        "verbatim", "verbatim*", "Verbatim", "lstlisting", "minted", "comment", "filecontents", "filecontents*",
    ]

    /// Ends the innermost scope: its images take its captions, or go to the scope around it.
    private static func close(_ scopes: inout [Scope], into result: inout [FoundCaption]) {
        let scope = scopes.removeLast()
        let captions = scope.captions.filter { !$0.isEmpty }
        guard let first = captions.first else {
            scopes[scopes.count - 1].images += scope.images
            return
        }
        let paired = captions.count == scope.images.count
        for (index, image) in scope.images.enumerated() {
            result.append(
                FoundCaption(
                    image: ImageReference(path: image.path), caption: paired ? captions[index] : first,
                    range: image.range))
        }
    }

    /// `\subfloat[caption]{…}` and `\subcaptionbox{caption}[width]{…}`: the braces are a scope with a caption.
    private func openBox(_ arguments: inout LaTeXArguments, isBox: Bool, in scopes: inout [Scope]) {
        arguments.star()
        var options: [Range<Int>] = []
        if isBox {
            if let text = arguments.optional() { options.append(text) }
            if let text = arguments.required() { options = [text] }
            while arguments.optional() != nil {}
        } else {
            while let text = arguments.optional() { options.append(text) }
        }
        guard let body = arguments.required() else { return }
        var scope = Scope(end: body.upperBound)
        if let caption = options.last { scope.captions = [LaTeXPlainText(source: source).text(caption).collapsed()] }
        scopes.append(scope)
        // The body is scanned like any other text.
        arguments.index = body.lowerBound
    }

    private func lineEnd(_ index: Int) -> Int {
        source.bytes[index...].firstIndex { $0 == .newline || $0 == .carriageReturn } ?? source.count
    }

    private func verbatimEnd(_ name: String, from start: Int) -> Int {
        let end = Array("\\end{\(name)}".utf8)
        var index = start
        while let next = source.bytes[min(index, source.count)...].firstIndex(of: .backslash) {
            if source.bytes[next...].starts(with: end) { return next + end.count }
            index = next + 1
        }
        return source.count
    }
}

/// Reads a command's arguments one after the other.
struct LaTeXArguments {
    var source: Excerpt
    /// After the last argument that was read.
    var index: Int

    mutating func star() {
        if source.byte(index) == UInt8(ascii: "*") { index += 1 }
    }

    /// The text of a `{…}` that comes next.
    mutating func required() -> Range<Int>? { group(UInt8(ascii: "{"), UInt8(ascii: "}")) }

    /// The text of a `[…]` that comes next.
    mutating func optional() -> Range<Int>? { group(UInt8(ascii: "["), UInt8(ascii: "]")) }

    private mutating func group(_ open: UInt8, _ close: UInt8) -> Range<Int>? {
        let start = LaTeXSyntax.skipSpace(source, index)
        guard source.byte(start) == open, let end = LaTeXSyntax.groupEnd(source, at: start, close: close) else {
            return nil
        }
        index = end + 1
        return start + 1..<end
    }
}

/// The few rules of TeX's input that matter here.
enum LaTeXSyntax {
    /// The name after a backslash: letters (with `@`), or one other byte.
    static func commandName(_ source: Excerpt, at backslash: Int) -> Range<Int> {
        let start = backslash + 1
        var end = start
        while source.byte(end).isLetter || source.byte(end) == UInt8(ascii: "@") { end += 1 }
        return start..<min(source.count, max(end, start + 1))
    }

    /// Spaces and at most one line end, and comments that run to a line's end.
    static func skipSpace(_ source: Excerpt, _ start: Int) -> Int {
        var index = start
        var newlines = 0
        while index < source.count {
            let byte = source.byte(index)
            if byte == UInt8(ascii: "%") {
                while index < source.count, source.byte(index) != .newline { index += 1 }
                index += 1
                continue
            }
            guard byte.isSpace else { break }
            if byte == .newline { newlines += 1 }
            if newlines > 1 { return start }
            index += 1
        }
        return min(index, source.count)
    }

    /// The index of the byte that closes a group; braces inside balance, escapes and comments are passed over.
    /// Nil beyond 64 braces deep, so that unbalanced text stays linear.
    static func groupEnd(_ source: Excerpt, at open: Int, close: UInt8) -> Int? {
        var index = open + 1
        var depth = 0
        while index < source.count {
            let byte = source.byte(index)
            if byte == close, depth == 0 { return index }
            switch byte {
            case .backslash: index += 1
            case UInt8(ascii: "%"):
                while index < source.count, source.byte(index) != .newline { index += 1 }
            case UInt8(ascii: "{"):
                depth += 1
                if depth > 64 { return nil }
            case UInt8(ascii: "}"):
                if depth == 0 { return nil }
                depth -= 1
            default: break
            }
            index += 1
        }
        return nil
    }

    /// After `\verb|…|`, whose delimiter is whatever comes first.
    static func verbEnd(_ source: Excerpt, at start: Int) -> Int {
        let delimiter = source.byte(start)
        var index = start + 1
        while index < source.count, source.byte(index) != .newline {
            if source.byte(index) == delimiter { return index + 1 }
            index += 1
        }
        return min(index, source.count)
    }
}

extension String {
    fileprivate var trimmingQuotes: String {
        count >= 2 && hasPrefix("\"") && hasSuffix("\"") ? String(dropFirst().dropLast()) : self
    }
}
