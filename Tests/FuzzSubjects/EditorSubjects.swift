import CaptionLint
import Captions
import LanguageServer

/// Settings are taken whole or not at all.
func readSettings(_ bytes: [UInt8]) {
    guard let json = try? SettingsFile.parse(bytes, path: "settings") else { return }
    var settings = LintSettings()
    do throws(SettingsError) {
        try settings.apply(json)
        precondition((8...65_536).contains(settings.budget), "a budget of \(settings.budget)")
    } catch {
        precondition(settings == LintSettings(), "settings that were refused are taken in part: \(error)")
        precondition(!error.description.isEmpty, "settings are refused without a reason")
    }
}

/// A document stays text whatever is changed in it, positions lead back to their bytes, and its images are found.
func readEdits(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let encoding = PositionEncoding.allCases[Int(first) % PositionEncoding.allCases.count]
    let pieces = bytes.dropFirst().split(separator: 0, omittingEmptySubsequences: false)
    var text = DocumentText(String(decoding: pieces.first ?? [], as: UTF8.self))
    for piece in pieces.dropFirst() {
        let numbers = piece.prefix(4).map { Int($0) }
        guard numbers.count == 4 else { continue }
        let range = TextRange(
            start: TextPosition(line: numbers[0] % 16, character: numbers[1] % 64),
            end: TextPosition(line: numbers[2] % 16, character: numbers[3] % 64))
        text.replace(range, with: String(decoding: piece.dropFirst(4), as: UTF8.self), encoding: encoding)
        guard let string = String(validating: text.bytes, as: UTF8.self) else {
            fatalError("a change cut a scalar")
        }
        let offset = text.offset(of: range.start, encoding: encoding)
        let position = text.position(of: offset, encoding: encoding)
        precondition(text.offset(of: position, encoding: encoding) == offset, "byte \(offset) is not found again")
        let found = try? CaptionFinder.captions(
            in: string, languageId: "markdown", encoding: encoding, includingUndescribed: true)
        for caption in found ?? [] {
            precondition(caption.range.start <= caption.range.end, "a range that ends before it begins")
            precondition(caption.caption.isEmpty == (caption.absence != nil), "a caption that is there and is missing")
        }
    }
}
