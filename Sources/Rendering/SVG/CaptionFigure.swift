import ShownText

/// The caption set as text, each word on a tint of its value, with the value beneath.
struct CaptionFigure {
    var report: Report
    var width: Double

    /// Serif faces are up to this much wider than the estimate.
    private static let room = 1.1

    private struct Placed {
        var segment: CaptionSegment
        var x: Double
        var line: Int
        var width: Double
    }

    func figure() -> Figure {
        let size = width < 620 ? 19.0 : 27.0
        let lineHeight = size * 1.15 + 24
        let decimals = NumberText.decimals(for: report.wordScale)
        let placed = place(size: size, decimals: decimals)
        let rightToLeft = report.picture.caption.isRightToLeft
        var drawing = Drawing()
        for item in placed {
            let x = rightToLeft ? width - item.x - item.width : item.x
            let baseline = Double(item.line) * lineHeight + size
            let value = item.segment.player.flatMap { report.wordValues[$0 - report.picture.patchCount] }
            if let value {
                let opacity = Tint.strength(value, scale: report.wordScale) * 0.5
                drawing.rect(
                    x: x - 2, y: baseline - size * 0.86, width: item.width + 4, height: size * 1.15,
                    class: Tint.cssClass(value.value), opacity: opacity, radius: 2)
                drawing.text(
                    NumberText.signed(value.value, decimals: decimals), x: x + item.width / 2, y: baseline + 18,
                    size: 11,
                    class: Tint.textClass(value.value, decimals: decimals), anchor: .middle)
            }
            drawing.text(
                item.segment.text, x: x + item.width / 2, y: baseline, size: size, class: "word ink", anchor: .middle)
        }
        let lines = (placed.map(\.line).max() ?? -1) + 1
        return Figure(width: width, height: Double(lines) * lineHeight, markup: drawing.markup)
    }

    /// Words and what stands between them from left to right, broken into lines at spaces.
    private func place(size: Double, decimals: Int) -> [Placed] {
        var result: [Placed] = []
        var (x, line) = (0.0, 0)
        for piece in report.picture.captionSegments.flatMap(pieces) {
            if piece.text.allSatisfy(\.isWhitespace) {
                x += TextWidth.ems(" ") * size
                continue
            }
            let value = piece.player.flatMap { report.wordValues[$0 - report.picture.patchCount] }
            // Neither words nor the numbers under them may touch, whatever face there is.
            let label = value.map {
                TextWidth.ems(NumberText.signed($0.value, decimals: decimals)) * 11 * TextWidth.widest + 5
            }
            let pieceWidth = max(TextWidth.ems(piece.text) * size * Self.room, label ?? 0)
            if x > 0, x + pieceWidth > width { (x, line) = (0, line + 1) }
            result.append(Placed(segment: piece, x: x, line: line, width: pieceWidth))
            x += pieceWidth + (piece.player == nil ? 0 : 2)
        }
        return result
    }

    /// Text outside the words is broken at its spaces; a word stays whole.
    private func pieces(_ segment: CaptionSegment) -> [CaptionSegment] {
        guard segment.player == nil else { return [segment] }
        var result: [CaptionSegment] = []
        for character in segment.text {
            if let last = result.last?.text.last, last.isWhitespace == character.isWhitespace {
                result[result.count - 1].text.append(character)
            } else {
                result.append(CaptionSegment(text: String(character), player: nil))
            }
        }
        return result
    }
}
