/// Finds images and their captions in documents, by the document's language.
///
/// Pure text in, structs out: no file is read. Time is linear in the text's length (but for sorting what was found).
///
/// What is listed: images with a caption that are local files or `data:` images. Images on the network (`https://…`,
/// `//host/…`) are left out, because nothing here or in the daemon fetches them; so are images whose path or caption is
/// computed.
public enum CaptionFinder {
    /// The language identifiers that `captions(in:languageId:documentPath:encoding:)` knows (the editors' names),
    /// sorted.
    public static let languageIds: [String] = languages.keys.sorted()

    /// The captions of a document in the order of their images.
    ///
    /// - Parameters:
    ///   - documentPath: the document's path or `file://` URI; relative image paths are resolved against its folder.
    ///     Without it they
    ///     stay relative.
    ///   - encoding: the unit of the positions' `character`.
    /// - Throws: `CaptionError.unknownLanguage`, which lists the known ones.
    public static func captions(
        in text: String, languageId: String, documentPath: String? = nil, encoding: PositionEncoding = .utf16
    ) throws(CaptionError) -> [DocumentCaption] {
        guard let find = languages[languageId.lowercased()] else {
            throw .unknownLanguage(languageId, known: languageIds)
        }
        let source = Excerpt(text)
        var found = find(source).filter { !$0.caption.isEmpty && $0.image.isLocal }
        found.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        return located(found, in: source, documentPath: documentPath, encoding: encoding)
    }

    private static let languages: [String: @Sendable (Excerpt) -> [FoundCaption]] = {
        var result: [String: @Sendable (Excerpt) -> [FoundCaption]] = [:]
        for id in ["markdown", "quarto", "rmd"] { result[id] = { MarkdownBlocks(source: $0, isMDX: false).captions() } }
        result["mdx"] = { MarkdownBlocks(source: $0, isMDX: true).captions() }
        for id in ["html", "vue", "svelte", "astro", "handlebars", "htmldjango"] {
            result[id] = { HTMLCaptions(source: $0).captions() }
        }
        for id in ["javascriptreact", "typescriptreact"] { result[id] = { JSXCaptions(source: $0).captions() } }
        for id in ["latex", "tex"] { result[id] = { LaTeXCaptions(source: $0).captions() } }
        for id in ["restructuredtext", "rst"] { result[id] = { RSTCaptions(source: $0).captions() } }
        result["org"] = { OrgCaptions(source: $0).captions() }
        return result
    }()

    /// Replaces byte offsets by positions, in one sweep over the text.
    private static func located(
        _ found: [FoundCaption], in source: Excerpt, documentPath: String?, encoding: PositionEncoding
    ) -> [DocumentCaption] {
        var offsets: [Int] = []
        let pieces = found.map { ($0, $0.caption.runs()) }
        for (caption, runs) in pieces {
            offsets += [caption.range.lowerBound, caption.range.upperBound]
            for run in runs { offsets += [run.source.lowerBound, run.source.upperBound] }
        }
        let positions = PositionMap(bytes: source.bytes, offsets: offsets, encoding: encoding)
        return pieces.map { caption, runs in
            DocumentCaption(
                image: caption.image.resolved(against: documentPath), caption: caption.caption.text,
                range: positions.range(caption.range), captionRange: positions.range(caption.caption.sourceRange),
                runs: runs.map { CaptionRun(start: $0.start, end: $0.end, range: positions.range($0.source)) })
        }
    }
}

/// Why captions cannot be looked for.
public enum CaptionError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownLanguage(String, known: [String])

    public var description: String {
        switch self {
        case .unknownLanguage(let id, let known):
            "unknown languageId \"\(id)\"; known are \(known.joined(separator: ", "))"
        }
    }
}

/// An image with its caption, in byte offsets of the document.
struct FoundCaption {
    var image: ImageReference
    var caption: MappedText
    var range: Range<Int>
}
