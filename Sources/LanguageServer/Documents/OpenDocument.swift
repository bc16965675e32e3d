import CaptionLint
import Captions

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

    /// Its path; nil for a document that is no file.
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
        var bytes: [UInt8] = []
        var index = rest.startIndex
        while index < rest.endIndex {
            let next = rest.index(after: index)
            if rest[index] == UInt8(ascii: "%"), let end = rest.index(index, offsetBy: 3, limitedBy: rest.endIndex),
                let value = UInt8(String(decoding: rest[next..<end], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                index = end
            } else {
                bytes.append(rest[index])
                index = next
            }
        }
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }

    /// `file:///home/u/caf%C3%A9.png`.
    package static func uri(_ path: String) -> String {
        path.utf8.reduce(into: "file://") { text, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }
}
