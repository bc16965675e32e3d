// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.

/// `document/captions`: The images and captions of a document.
package enum DocumentCaptions: RequestMethod {
    package static let name = "document/captions"

    /// Parameters of `document/captions`.
    package struct Parameters: Codable, Sendable, Equatable {
        /// The editors' name of the document's language, such as `markdown`, `html`, `latex`, `rst` or `org`. An
        /// unknown one is an error that lists the known.
        package var languageId: String
        /// The whole document.
        package var text: String
        /// The document's path or `file://` URI; relative image paths are resolved against its folder. Left out, they
        /// stay relative.
        package var path: String?
        /// Folders, as paths or `file://` URIs, that a site or project begins at, where images such as
        /// `/images/cat.png` and `@/assets/cat.png` are looked for first: an editor's workspace folders. The document's
        /// folder and those above it come after them.
        package var roots: [String]?
        /// What `character` of a position counts, as in LSP.
        package var positionEncoding: DocumentCaptions.Encoding?

        package static let defaultRoots: [String] = []
        package static let defaultPositionEncoding: DocumentCaptions.Encoding = .utf16

        package static let mostRoots = 64

        package init(
            languageId: String, text: String, path: String? = nil, roots: [String]? = nil,
            positionEncoding: DocumentCaptions.Encoding? = nil
        ) {
            self.languageId = languageId
            self.text = text
            self.path = path
            self.roots = roots
            self.positionEncoding = positionEncoding
        }
    }

    /// What `character` of a position counts, as in LSP: bytes of UTF-8, units of UTF-16, or Unicode scalars.
    package enum Encoding: String, Choice {
        case utf8 = "utf-8"
        case utf16 = "utf-16"
        case utf32 = "utf-32"
    }

    package typealias Result = [DocumentCaptions.Caption]

    /// An image in a document, with its caption.
    package struct Caption: Codable, Sendable, Equatable {
        /// A path, resolved against the document's folder where that is known, or a `data:` URI; an image as other
        /// methods take it.
        package var image: String
        /// The places where the image was looked for, if there are several and no file is at any; `image` is the first.
        package var lookedFor: [String]?
        /// The caption as a reader sees it: markup and escapes undone, white space collapsed.
        package var caption: String
        /// The whole construct, such as `![a cat](cat.png)`.
        package var range: DocumentCaptions.Range
        /// From the first to the last character that the caption shows.
        package var captionRange: DocumentCaptions.Range
        /// Where each stretch of the caption comes from, in order, covering it.
        package var runs: [DocumentCaptions.Run]

        package init(
            image: String, lookedFor: [String]? = nil, caption: String, range: DocumentCaptions.Range,
            captionRange: DocumentCaptions.Range, runs: [DocumentCaptions.Run]
        ) {
            self.image = image
            self.lookedFor = lookedFor
            self.caption = caption
            self.range = range
            self.captionRange = captionRange
            self.runs = runs
        }
    }

    /// A range of a document.
    package struct Range: Codable, Sendable, Equatable {
        /// A position in a document, as in LSP.
        package var start: DocumentCaptions.Position
        /// Excluded.
        package var end: DocumentCaptions.Position

        package init(start: DocumentCaptions.Position, end: DocumentCaptions.Position) {
            self.start = start
            self.end = end
        }
    }

    /// A position in a document, as in LSP.
    package struct Position: Codable, Sendable, Equatable {
        /// From 0.
        package var line: Int
        /// From 0, in units of the position encoding.
        package var character: Int

        package init(line: Int, character: Int) {
            self.line = line
            self.character = character
        }
    }

    /// A stretch of a caption and its source. Where both have equally many Unicode scalars they are the same, scalar by
    /// scalar; otherwise the stretch as a whole stands for its source, as `&` does for `&amp;`.
    package struct Run: Codable, Sendable, Equatable {
        /// Where it begins, in Unicode scalars of the caption.
        package var start: Int
        /// Where it ends, excluded.
        package var end: Int
        /// Its source.
        package var range: DocumentCaptions.Range

        package init(start: Int, end: Int, range: DocumentCaptions.Range) {
            self.start = start
            self.end = end
            self.range = range
        }
    }
}
