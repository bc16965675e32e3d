import CaptionLint
import Captions

/// Words in levels of their weight.
enum SemanticTokenLevels {
    static let legend = LSP.SemanticTokensLegend(
        tokenTypes: ["fixlipRaises", "fixlipLowers"], tokenModifiers: ["weak", "medium", "strong"])

    private struct Token {
        var start: TextPosition
        var length: Int
        var type: Int
        var modifiers: Int
    }

    /// The words of all captions, as the protocol numbers them: five numbers a token, each place relative to the one
    /// before.
    static func data(of document: OpenDocument, encoding: PositionEncoding) -> [Int] {
        var tokens: [Token] = []
        for (index, caption) in document.read.captions.enumerated() {
            guard let words = document.evidence.captions[index]?.words else { continue }
            let largest = words.words.map { abs($0.value) }.max() ?? 0
            for word in words.words {
                guard let level = level(word, largest: largest) else { continue }
                for range in lines(of: word.start..<word.end, caption, encoding) {
                    tokens.append(
                        Token(
                            start: range.start, length: range.end.character - range.start.character,
                            type: word.value > 0 ? 0 : 1, modifiers: 1 << level))
                }
            }
        }
        tokens.sort { $0.start < $1.start }
        var data: [Int] = []
        var last = TextPosition(line: 0, character: 0)
        var end = last
        for token in tokens where token.start >= end && token.length > 0 {
            let isSameLine = token.start.line == last.line
            data += [
                token.start.line - last.line,
                isSameLine ? token.start.character - last.character : token.start.character, token.length, token.type,
                token.modifiers,
            ]
            last = token.start
            end = TextPosition(line: token.start.line, character: token.start.character + token.length)
        }
        return data
    }

    /// 0 to 2; nil for words that weigh next to nothing or no more than their error.
    private static func level(_ word: WordWeights.Word, largest: Double) -> Int? {
        let share = largest > 0 ? abs(word.value) / largest : 0
        guard share >= 0.08, abs(word.value) > 2 * word.standardError else { return nil }
        return share >= 0.6 ? 2 : share >= 0.25 ? 1 : 0
    }

    /// A token does not go over the end of a line.
    private static func lines(
        of scalars: Range<Int>, _ caption: DocumentCaption, _ encoding: PositionEncoding
    ) -> [TextRange] {
        let whole = caption.documentRange(of: scalars, encoding: encoding)
        if whole.start.line == whole.end.line { return [whole] }
        return caption.runs.filter { $0.start < scalars.upperBound && $0.end > scalars.lowerBound }.map {
            caption.documentRange(
                of: max($0.start, scalars.lowerBound)..<min($0.end, scalars.upperBound), encoding: encoding)
        }.filter { $0.start.line == $0.end.line }
    }
}
