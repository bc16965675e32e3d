import CaptionLint
import Captions
import Foundation

/// Changes to documents that code actions offer.
enum Edits {
    /// Puts two captions in each other's place; nil where they overlap or one is missing.
    static func swap(_ a: Int, _ b: Int, in document: OpenDocument, encoding: PositionEncoding) -> LSP.WorkspaceEdit? {
        let captions = document.read.captions
        guard a != b, captions.indices.contains(a), captions.indices.contains(b), captions[a].absence == nil,
            captions[b].absence == nil
        else { return nil }
        let (first, second) = (captions[a].captionRange, captions[b].captionRange)
        guard first.end <= second.start || second.end <= first.start else { return nil }
        let edits = [
            LSP.TextEdit(range: first, newText: document.text.text(second, encoding: encoding)),
            LSP.TextEdit(range: second, newText: document.text.text(first, encoding: encoding)),
        ]
        return LSP.WorkspaceEdit(changes: [document.uri: edits])
    }

    /// Says that an image needs no text, in the document's language; nil where the language cannot say so.
    static func markDecorative(_ index: Int, in document: OpenDocument, encoding: PositionEncoding) -> LSP
        .WorkspaceEdit?
    {
        let caption = document.read.captions[index]
        guard caption.absence == .missing else { return nil }
        let source = document.text.text(caption.range, encoding: encoding)
        let start = document.text.offset(of: caption.range.start, encoding: encoding)
        func edit(at byte: Int, _ text: String) -> LSP.WorkspaceEdit {
            let place = document.text.position(of: start + byte, encoding: encoding)
            return LSP.WorkspaceEdit(
                changes: [document.uri: [LSP.TextEdit(range: TextRange(start: place, end: place), newText: text)]])
        }
        if source.hasPrefix("<") {
            let name = source.utf8.dropFirst().prefix {
                $0 > 0x20 && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "/")
            }
            return name.isEmpty ? nil : edit(at: 1 + name.count, " alt=\"\"")
        }
        if source.hasPrefix("!["), let destination = MarkdownImage.destination(of: source) {
            let end = document.language == "mdx" ? " />" : ">"
            let quoted = destination.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
            return LSP.WorkspaceEdit(
                changes: [
                    document.uri: [
                        LSP.TextEdit(range: caption.range, newText: "<img src=\"\(quoted)\" alt=\"\"\(end)")
                    ]
                ])
        }
        if ["rst", "restructuredtext"].contains(document.language), source.hasPrefix("..") {
            let line = source.utf8.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            let indent = String(repeating: " ", count: caption.range.start.character + 3)
            return edit(at: line.count, "\n\(indent):alt:")
        }
        return nil
    }

    /// Where in an image's construct its file is named; the construct itself where that cannot be seen.
    static func place(ofImage caption: DocumentCaption, in document: OpenDocument, encoding: PositionEncoding)
        -> TextRange
    {
        guard let name = caption.image.split(separator: "/").last else { return caption.range }
        let source = Array(document.text.text(caption.range, encoding: encoding).utf8)
        let wanted = Array(name.utf8)
        let stem = name.lastIndex(of: ".").map { Array(name[..<$0].utf8) } ?? wanted
        guard
            let (found, length) = last(wanted, in: source).map({ ($0, wanted.count) })
                ?? last(stem, in: source).map({ ($0, stem.count) })
        else { return caption.range }
        var from = found
        while from > 0, !" \t\r\n\"'()<>[]{}=".utf8.contains(source[from - 1]) { from -= 1 }
        let start = document.text.offset(of: caption.range.start, encoding: encoding)
        return TextRange(
            start: document.text.position(of: start + from, encoding: encoding),
            end: document.text.position(of: start + found + length, encoding: encoding))
    }

    private static func last(_ needle: [UInt8], in bytes: [UInt8]) -> Int? {
        guard !needle.isEmpty, bytes.count >= needle.count else { return nil }
        return stride(from: bytes.count - needle.count, through: 0, by: -1).first {
            bytes[$0..<$0 + needle.count].elementsEqual(needle)
        }
    }
}

/// `![](path "title")`.
package enum MarkdownImage {
    /// The destination as it is written, without angle brackets and title; nil for reference images.
    package static func destination(of source: String) -> String? {
        guard let open = source.range(of: "]("), source.hasSuffix(")") else { return nil }
        let inside = source[open.upperBound...].dropLast().drop { $0.isWhitespace }
        if inside.first == "<" {
            guard let close = inside.firstIndex(of: ">") else { return nil }
            return String(inside[inside.index(after: inside.startIndex)..<close])
        }
        let path = inside.prefix { !$0.isWhitespace }
        return path.isEmpty || path.contains("\\") ? nil : String(path)
    }
}
