import ShownText

/// Named parts of the pair: what the estimate predicts, an open dot, and what the model says, a filled one.
struct SubsetFigure {
    var rows: [Report.SubsetRow]
    var width: Double

    private var narrow: Bool { width < 620 }
    private let rowHeight = 26.0
    private let head = 20.0
    private var size: Double { narrow ? 12 : 13.5 }

    func figure() -> Figure {
        let values = rows.flatMap { [$0.predicted, $0.modelValue ?? $0.predicted] }.map { Measured($0) }
        let decimals = NumberText.decimals(for: values.reduce(0) { max($0, abs($1.value)) })
        let longest = (rows.map { TextWidth.ems($0.name) }.max() ?? 0) * size * TextWidth.widest
        let nameWidth = min(longest, width * (narrow ? 0.48 : 0.44))
        let column = narrow ? 54.0 : 76
        let axis = BarAxis(values: values, from: nameWidth + 16, to: width - 2 * column - 8)
        let bottom = head + rowHeight * Double(rows.count)
        var drawing = Drawing()
        drawing.line(x1: axis.zero, y1: head, x2: axis.zero, y2: bottom, class: "axis", width: 0.75)
        for (name, end, isFilled) in [("estimate", width - column, false), ("model", width, true)] {
            drawing.text(name, x: end, y: 11, size: 11, class: "soft", anchor: .end)
            drawDot(x: end - TextWidth.ems(name) * 11 * TextWidth.widest - 8, y: 7, isFilled: isFilled, into: &drawing)
        }
        for (index, row) in rows.enumerated() {
            let y = head + rowHeight * (Double(index) + 0.5)
            drawing.text(
                TextWidth.fit(row.name, size: size * (narrow ? TextWidth.widest : 1), width: nameWidth), x: 0,
                y: y + size * 0.35, size: size)
            if let value = row.modelValue {
                drawing.line(
                    x1: axis.x(row.predicted), y1: y, x2: axis.x(value), y2: y, class: "axis", width: 1.5)
                drawDot(x: axis.x(value), y: y, isFilled: true, into: &drawing)
            }
            drawDot(x: axis.x(row.predicted), y: y, isFilled: false, into: &drawing)
            drawing.text(
                NumberText.plain(row.predicted, decimals: decimals), x: width - column, y: y + size * 0.35, size: size,
                anchor: .end)
            drawing.text(
                row.modelValue.map { NumberText.plain($0, decimals: decimals) } ?? "–", x: width, y: y + size * 0.35,
                size: size, anchor: .end)
        }
        return Figure(width: width, height: bottom, markup: drawing.markup)
    }

    private func drawDot(x: Double, y: Double, isFilled: Bool, into drawing: inout Drawing) {
        drawing.circle(x: x, y: y, radius: isFilled ? 3.5 : 5, class: "ink")
        if !isFilled { drawing.circle(x: x, y: y, radius: 3.5, class: "paper") }
    }
}
