import CaptionLint
import Captions
import PercentEncoding

/// A document that the editor has open, and what is known of it.
struct OpenDocument: Sendable {
    let uri: String
    let languageId: String
    var version: Int
    var text: DocumentText
    /// Told apart from every other state of any document.
    var generation: Int
    /// The line of the last change: captions near it come first.
    var lastLine = 0
    /// What was read of this state of the text; of the one before while this one is being read.
    var read = ReadDocument()
    /// Whether `read` is of this text.
    var isRead = false
    var evidence = DocumentEvidence()
    var settings = LintSettings()
    var findings: [Finding] = []
    /// Changes with the findings.
    var resultId = 0
    /// The version whose findings the client was told last.
    var toldVersion: Int?

    /// Its path; nil for a document that is not a file.
    var path: String? { DocumentURI.path(uri) }

    /// Its language, where the editor has no name for it by its file's ending.
    var language: String {
        let isKnown = CaptionFinder.languageIds.contains(languageId.lowercased())
        return isKnown ? languageId : path.flatMap { Languages.language(ofFile: $0) } ?? languageId
    }

    /// The caption whose construct or text is at a position, if the text was read.
    func caption(at position: TextPosition) -> Int? {
        guard isRead else { return nil }
        func holds(_ range: TextRange) -> Bool { range.start <= position && position <= range.end }
        return read.captions.firstIndex { holds($0.range) || holds($0.captionRange) }
    }
}

/// `file:` URIs as editors write them.
package enum DocumentURI {
    /// The path of a `file:` URI; nil for any other.
    package static func path(_ uri: String) -> String? {
        guard uri.lowercased().hasPrefix("file://") else { return nil }
        let rest = uri.utf8.dropFirst("file://".utf8.count).drop { $0 != UInt8(ascii: "/") }
        let bytes = PercentEncoding.decoded(rest).bytes
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }

    /// `file:///home/u/caf%C3%A9.png`.
    package static func uri(_ path: String) -> String { "file://" + PercentEncoding.encoded(path: path.utf8) }
}
