/// A list of pairs: a small map of where, the names, a bar and the value with its error.
struct PairRows {
    var report: Report
    var id: String
    var width: Double

    private let rowHeight = 30.0

    func figure(_ table: Report.PairTable) -> Figure {
        let narrow = width < 620
        let nameWidth = narrow ? width * 0.56 : min(width * 0.4, 340)
        let valueWidth = narrow ? 92.0 : 120.0
        let axis = BarAxis(values: table.pairs.map(\.measured), from: nameWidth + 20, to: width - valueWidth)
        var drawing = Drawing()
        for (row, pair) in table.pairs.enumerated() {
            let y = rowHeight * (Double(row) + 0.5)
            PatchLocator(picture: report.picture).draw([pair.a, pair.b], x: 0, y: y - 11, size: 22, into: &drawing)
            let full = report.name(of: pair)
            let fits = TextWidth.ems(full) * 13 <= nameWidth - 34
            let name = TextWidth.fit(fits ? full : report.shortName(of: pair), size: 13, width: nameWidth - 34)
            drawing.text(name, x: 34, y: y + 4.5, size: 13)
            let value = pair.measured
            let (start, end) = (min(axis.zero, axis.x(value.value)), max(axis.zero, axis.x(value.value)))
            if !narrow {
                drawing.rect(
                    x: start, y: y - 5, width: max(0.5, end - start), height: 10, class: Tint.cssClass(value.value),
                    opacity: 0.35 + 0.65 * value.confidence)
                if let error = value.error, error > 0 {
                    drawing.line(
                        x1: axis.x(value.value - error), y1: y, x2: axis.x(value.value + error), y2: y,
                        class: "whisker", opacity: 0.75)
                }
            }
            drawing.text(
                report.text(of: pair), x: width, y: y + 4.5, size: 12.5, class: value.value < 0 ? "nt" : "pt",
                anchor: .end)
        }
        return Figure(width: width, height: rowHeight * Double(table.pairs.count), markup: drawing.markup)
    }
}

/// A thumbnail of the image's outline with some patches filled in.
struct PatchLocator {
    var picture: Picture

    func draw(_ players: [Int], x: Double, y: Double, size: Double, into drawing: inout Drawing) {
        let frame = ImageFrame(picture, id: "", x: x, y: y, width: size, maxHeight: size)
        guard players.contains(where: { !picture.isWord($0) }) else { return }
        drawing.rect(x: frame.x, y: frame.y, width: frame.width, height: frame.height, class: "empty")
        for player in players where !picture.isWord(player) {
            let box = frame.box(player)
            drawing.rect(x: box.x, y: box.y, width: max(2, box.width), height: max(2, box.height), class: "ink")
        }
    }
}
