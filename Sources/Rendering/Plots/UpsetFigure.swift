import ShownText

/// The estimate's strongest terms, single players and pairs: a bar for each, and under it who is in it.
struct UpsetFigure {
    var report: Report
    var id: String
    var width: Double

    private var picture: Picture { report.picture }
    private var narrow: Bool { width < 620 }
    private var size: Double { narrow ? 12 : 14 }
    private let rowHeight = 24.0
    private let cropSize = 20.0

    func figure() -> Figure {
        let terms = report.terms
        let players = Set(terms.flatMap(\.players)).sorted { position($0) < position($1) }
        let decimals = NumberText.decimals(for: terms.first?.measured.value ?? 0)
        let nameWidth = players.map(self.nameWidth).max() ?? 0
        let left = nameWidth + 16
        let column = min(44, (width - left) / Double(max(1, terms.count)))
        func x(_ term: Int) -> Double { left + column * (Double(term) + 0.5) }
        let (top, barHeight) = (18.0, narrow ? 150.0 : 200)
        let axis = StandingAxis(values: terms.map(\.measured), top: top, height: barHeight)
        let grid = top + barHeight + 26
        func y(_ row: Int) -> Double { grid + rowHeight * (Double(row) + 0.5) }

        var drawing = Drawing()
        for (row, player) in players.enumerated() {
            if row.isMultiple(of: 2) {
                drawing.rect(
                    x: 0, y: y(row) - rowHeight / 2, width: left + column * Double(terms.count), height: rowHeight,
                    class: "empty", opacity: 0.6)
            }
            drawName(player, y: y(row), end: nameWidth, into: &drawing)
        }
        drawing.text("logits", x: nameWidth, y: axis.zero + 4, size: 11, class: "soft", anchor: .end)
        for (index, term) in terms.enumerated() {
            let name = term.players.map(picture.longName).joined(separator: " × ")
            drawing.group(title: "\(name): \(NumberText.withError(term.measured, decimals: decimals)) logits") {
                axis.draw(
                    term.measured, x: x(index), thickness: column * 0.56, decimals: column >= 30 ? decimals : nil,
                    into: &$0)
                let rows = term.players.compactMap(players.firstIndex).sorted()
                guard let first = rows.first, let last = rows.last else { return }
                let color = Tint.cssClass(term.measured.value)
                $0.line(x1: x(index), y1: y(first), x2: x(index), y2: y(last), class: color + "s", width: 2.5)
                for row in rows { $0.circle(x: x(index), y: y(row), radius: narrow ? 4 : 5.5, class: color) }
            }
        }
        drawing.line(
            x1: left, y1: axis.zero, x2: left + column * Double(terms.count), y2: axis.zero, class: "axis", width: 0.75)
        return Figure(width: width, height: y(players.count) - rowHeight / 2 + 4, markup: drawing.markup)
    }

    /// Words before patches.
    private func position(_ player: Int) -> Int { picture.isWord(player) ? player - picture.playerCount : player }

    private func nameWidth(_ player: Int) -> Double {
        if picture.isWord(player) {
            return min(TextWidth.ems(picture.wordNames[player - picture.patchCount]) * size * 1.1, width * 0.3)
        }
        return TextWidth.ems(picture.shortName(player)) * size * TextWidth.widest + cropSize + 6
    }

    private func drawName(_ player: Int, y: Double, end: Double, into drawing: inout Drawing) {
        guard picture.isWord(player) else {
            drawing.text(picture.shortName(player), x: end - cropSize - 6, y: y + size * 0.35, size: size, anchor: .end)
            PatchLocator(picture: picture, id: id).draw(
                [player], x: end - cropSize, y: y - cropSize / 2, size: cropSize, into: &drawing)
            return
        }
        let name = TextWidth.fit(
            picture.wordNames[player - picture.patchCount], size: size * 1.1, width: width * 0.3)
        drawing.text(name, x: end, y: y + size * 0.35, size: size * 1.1, class: "word ink", anchor: .end)
    }
}

/// An axis that runs upwards.
private struct StandingAxis {
    private var axis: BarAxis
    private var bottom: Double

    init(values: [Measured], top: Double, height: Double) {
        axis = BarAxis(values: values, from: 0, to: height)
        bottom = top + height
    }

    private func y(_ value: Double) -> Double { bottom - axis.x(value) }
    var zero: Double { y(0) }

    /// A bar from zero to the value with its error as a whisker and, where `decimals` are given, its value beyond its
    /// end.
    func draw(
        _ value: Measured, x: Double, thickness: Double, decimals: Int?, into drawing: inout Drawing
    ) {
        let tip = y(value.value)
        let (top, bottom) = (min(zero, tip), max(zero, tip))
        drawing.rect(
            x: x - thickness / 2, y: top, width: thickness, height: max(0.5, bottom - top),
            class: Tint.cssClass(value.value), opacity: 0.35 + 0.65 * value.confidence)
        var (high, low) = (top, bottom)
        if let error = value.error, error > 0 {
            let ends = [y(value.value - error), y(value.value + error)]
            drawing.line(x1: x, y1: ends[0], x2: x, y2: ends[1], class: "whisker", opacity: 0.75)
            (high, low) = (min(high, ends[1]), max(low, ends[0]))
        }
        guard let decimals else { return }
        drawing.text(
            NumberText.signed(value.value, decimals: decimals), x: x, y: value.value < 0 ? low + 13 : high - 4,
            size: 10,
            class: Tint.textClass(value.value, decimals: decimals), anchor: .middle)
    }
}
