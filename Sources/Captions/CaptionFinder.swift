/// Finds images and their captions in documents, by the document's language.
///
/// Pure text in, structs out: no file is read. Time is linear in the text's length (but for sorting what was found).
///
/// What is listed: images with a caption that are local files or `data:` images. Images on the network (`https://…`,
/// `//host/…`) are left out, because nothing here or in the daemon fetches them; so are images whose path or caption is
/// computed.
package enum CaptionFinder {
    /// The language identifiers that `captions(in:languageId:documentPath:encoding:)` knows (the editors' names),
    /// sorted.
    package static let languageIds: [String] = languages.keys.sorted()

    /// The captions of a document in the order of their images.
    ///
    /// - Parameters:
    ///   - documentPath: the document's path or `file://` URI; relative image paths are resolved against its folder.
    ///     Without it they stay relative.
    ///   - encoding: the unit of the positions' `character`.
    ///   - roots: folders that a site or project begins at, where `/images/cat.png` and `@/assets/cat.png` are looked
    ///     for first; the document's folder and those above it come after them.
    ///   - home: the user's home folder, for `~/` in Org.
    ///   - includingUndescribed: whether images without a caption are listed as well. In LaTeX and Org only images
    ///     with a caption are known.
    ///   - exists: whether a file is at an absolute path; decides between the places where an image may be.
    ///   - isCancelled: asked every few milliseconds.
    /// - Throws: `CaptionError.unknownLanguage`, which lists the known ones; `CancellationError` soon after
    ///   `isCancelled` says so.
    package static func captions(
        in text: String, languageId: String, documentPath: String? = nil, encoding: PositionEncoding = .utf16,
        roots: [String] = [], home: String? = nil, includingUndescribed: Bool = false,
        exists: (String) -> Bool = { _ in false },
        isCancelled: @escaping () -> Bool = { false }
    ) throws -> [DocumentCaption] {
        guard let find = languages[languageId.lowercased()] else {
            throw CaptionError.unknownLanguage(languageId, known: languageIds)
        }
        let source = Excerpt(text, poll: CancellationPoll(isCancelled))
        // A byte order mark is not a part of the document's text.
        let mark = source.bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let body = mark ? try Excerpt(of: source, ranges: [3..<source.count]) : source
        var found = try find(body).filter {
            (includingUndescribed || !$0.caption.isEmpty) && $0.image.isLocal
        }
        found.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        let place = DocumentPlace(document: documentPath, roots: roots, home: home)
        return try located(found, in: source, place: place, exists: exists, encoding: encoding)
    }

    private typealias Reader = @Sendable (Excerpt) throws -> [FoundCaption]

    private static let languages: [String: Reader] = {
        var result: [String: Reader] = [:]
        func add(_ ids: String..., reader: @escaping Reader) { for id in ids { result[id] = reader } }
        add("markdown", "quarto", "rmd") { try MarkdownCaptions(source: $0, isMDX: false).captions() }
        add("mdx") { try MarkdownCaptions(source: $0, isMDX: true).captions() }
        for dialect in HTMLDialect.allCases {
            add(dialect.rawValue) { try HTMLCaptions.captions(in: $0, dialect: dialect) }
        }
        add("astro") { try JSXCaptions.captions(in: $0, dialect: .astro) }
        add("javascriptreact", "typescriptreact") { try JSXCaptions.captions(in: $0, dialect: .jsx) }
        add("latex", "tex") { try LaTeXCaptions(source: $0).captions() }
        add("restructuredtext", "rst") { try RSTCaptions(source: $0).captions() }
        add("org") { try OrgCaptions(source: $0).captions() }
        return result
    }()

    /// Replaces byte offsets by positions, in one sweep over the text.
    private static func located(
        _ found: [FoundCaption], in source: Excerpt, place: DocumentPlace, exists: (String) -> Bool,
        encoding: PositionEncoding
    ) throws(CancellationError) -> [DocumentCaption] {
        var offsets: [Int] = []
        var pieces: [(FoundCaption, [MappedText.Run])] = []
        for caption in found {
            let runs = try caption.caption.runs(source.poll)
            pieces.append((caption, runs))
            offsets += [caption.range.lowerBound, caption.range.upperBound]
            offsets += [caption.captionRange.lowerBound, caption.captionRange.upperBound]
            for run in runs { offsets += [run.source.lowerBound, run.source.upperBound] }
        }
        let positions = try PositionMap(bytes: source.bytes, offsets: offsets, encoding: encoding, poll: source.poll)
        var result: [DocumentCaption] = []
        for (caption, runs) in pieces {
            let candidates = caption.image.candidates(place)
            try source.poll.advance(512 * candidates.count)
            let image = candidates.count > 1 ? candidates.first(where: exists) : candidates.first
            result.append(
                DocumentCaption(
                    image: image ?? candidates.first ?? "", lookedFor: image == nil ? candidates : nil,
                    caption: caption.caption.text, range: positions.range(caption.range),
                    captionRange: positions.range(caption.captionRange),
                    runs: runs.map { CaptionRun(start: $0.start, end: $0.end, range: positions.range($0.source)) },
                    absence: runs.isEmpty ? (caption.isDecorative ? .decorative : .missing) : nil))
        }
        return result
    }
}

/// Why captions cannot be looked for.
package enum CaptionError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownLanguage(String, known: [String])

    package var description: String {
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
    /// Whether an image without a caption is said to need none.
    var isDecorative = false
    /// From the first to the last byte that the caption shows.
    var captionRange: Range<Int> { caption.isEmpty ? range : caption.sourceRange }

    init(image: ImageReference, caption: MappedText, range: Range<Int>, isDecorative: Bool = false) {
        self.image = image
        self.caption = caption
        self.range = range
        self.isDecorative = isDecorative
    }
}
