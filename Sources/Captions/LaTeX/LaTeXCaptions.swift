/// `\includegraphics` with the `\caption` of the environment around it.
///
/// The innermost environment (or `\subfloat`, `\subfigure`, `\subcaptionbox`) that has a caption gives it to its
/// images. Several images with as many captions are paired in order; otherwise all take the first. Names without an
/// ending of a picture, `\graphicspath` and `% !TEX root` are left to `ImageReference`, which knows where LaTeX looks.
struct LaTeXCaptions {
    private let syntax: LaTeXSyntax
    private var source: Excerpt { syntax.source }
    private var found: [FoundCaption] = []
    private var scopes = [Scope()]
    /// Images of the open scopes that have no caption so far, in order.
    private var images: [(path: String, range: Range<Int>)] = []
    /// The folders of `\graphicspath`.
    private var folders: [String] = []
    private let root: String?

    private struct Scope {
        /// Where a braced scope ends; nil for an environment, which ends at its `\end`.
        var end: Int?
        /// How many images waited when it opened.
        var firstImage = 0
        var captions: [MappedText] = []
    }

    init(source: Excerpt) throws(CancellationError) {
        syntax = try LaTeXSyntax(source: source)
        root = try Self.root(in: source)
    }

    /// The main file of the document, as editors are told it: `% !TEX root = ../main.tex` in one of the first lines.
    private static func root(in source: Excerpt) throws(CancellationError) -> String? {
        var start = 0
        for _ in 0..<20 {
            let end = try source.lineEnd(start)
            let line = source.trimmed(start..<end)
            start = source.afterLineEnd(end)
            guard line.count < 4_096, source.byte(line.lowerBound) == UInt8(ascii: "%") else { continue }
            let words = source.string(line).drop { $0 == "%" || $0 == " " }
            guard words.lowercased().hasPrefix("!tex root"), let equals = words.firstIndex(of: "=") else { continue }
            let path = String(words[words.index(after: equals)...]).trimmingSpaces
            return path.isEmpty ? nil : path
        }
        return nil
    }

    func captions() throws(CancellationError) -> [FoundCaption] {
        var reader = self
        try reader.read()
        return reader.found
    }

    private mutating func read() throws(CancellationError) {
        var index = 0
        var skipped = syntax.skipped[...]
        while index < source.count {
            try source.poll.advance()
            while scopes.count > 1, let end = scopes[scopes.count - 1].end, index >= end { closeScope() }
            while let range = skipped.first, range.lowerBound <= index {
                index = max(index, range.upperBound)
                skipped.removeFirst()
            }
            guard index < source.count else { break }
            index = source.byte(index) == .backslash ? try command(at: index) : index + 1
        }
        while scopes.count > 1 { closeScope() }
    }

    /// Carries out the command at an index; returns where to go on.
    private mutating func command(at index: Int) throws(CancellationError) -> Int {
        let name = LaTeXSyntax.commandName(source, at: index)
        var arguments = LaTeXArguments(syntax: syntax, index: name.upperBound)
        switch name.count > 20 ? "" : source.string(name) {
        case "begin":
            guard try arguments.required() != nil else { break }
            scopes.append(Scope(firstImage: images.count))
        case "end":
            guard try arguments.required() != nil, scopes.count > 1 else { break }
            closeScope()
        case "includegraphics":
            arguments.star()
            while try arguments.optional() != nil {}
            guard let path = try arguments.required(), let name = fileName(path) else { break }
            images.append((name, index..<arguments.index))
        case "caption", "captionof", "subcaption":
            arguments.star()
            if source.has("captionof", at: name.lowerBound) { _ = try arguments.required() }
            _ = try arguments.optional()
            guard let text = try arguments.required() else { break }
            scopes[scopes.count - 1].captions.append(try plainText(text))
        case "subfloat", "subfigure": try openBox(&arguments, isBox: false)
        case "subcaptionbox": try openBox(&arguments, isBox: true)
        case "graphicspath":
            guard let list = try arguments.required() else { break }
            var entries = LaTeXArguments(syntax: syntax, index: list.lowerBound)
            folders = []
            while let folder = try entries.required(), folder.upperBound <= list.upperBound {
                folders.append(source.string(source.trimmed(folder)))
            }
        default: break
        }
        return max(arguments.index, index + 1)
    }

    private func plainText(_ range: Range<Int>) throws(CancellationError) -> MappedText {
        try LaTeXPlainText(syntax: syntax).text(range).collapsed(source.poll)
    }

    /// A file's name without the braces and quotes that protect dots and spaces in it: `{fig.1}.png`, `"my cat".png`.
    /// Nil where a macro is in it.
    private func fileName(_ range: Range<Int>) -> String? {
        let name = source.string(source.trimmed(range)).filter { !"{}\"".contains($0) }
        return name.isEmpty || name.contains("\\") || name.contains("#") ? nil : name
    }

    /// Ends the innermost scope: its images take its captions, or wait for those of the scope around it.
    private mutating func closeScope() {
        let scope = scopes.removeLast()
        let captions = scope.captions.filter { !$0.isEmpty }
        guard let first = captions.first else { return }
        let paired = captions.count == images.count - scope.firstImage
        for (index, image) in images[scope.firstImage...].enumerated() {
            found.append(
                FoundCaption(
                    image: ImageReference(graphics: image.path, folders: folders, root: root),
                    caption: paired ? captions[index] : first, range: source.sourceRange(image.range)))
        }
        images.removeSubrange(scope.firstImage...)
    }

    /// `\subfloat[caption]{…}` and `\subcaptionbox{caption}[width]{…}`: the braces are a scope with a caption.
    private mutating func openBox(_ arguments: inout LaTeXArguments, isBox: Bool) throws(CancellationError) {
        arguments.star()
        var caption: Range<Int>?
        if isBox {
            caption = try arguments.optional()
            if let text = try arguments.required() { caption = text }
            while try arguments.optional() != nil {}
        } else {
            while let text = try arguments.optional() { caption = text }
        }
        guard let body = try arguments.required() else { return }
        var scope = Scope(end: body.upperBound, firstImage: images.count)
        if let caption { scope.captions = [try plainText(caption)] }
        scopes.append(scope)
        // The body is scanned like any other text.
        arguments.index = body.lowerBound
    }
}
