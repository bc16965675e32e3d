import ShownText

/// The words of two explanations on one axis: an open dot for a, a filled one for b, a line for the change.
struct DumbbellFigure {
    var comparison: PictureComparison
    var scale: Double
    var width: Double

    func figure() -> Figure {
        let narrow = width < 620
        let rowHeight = 26.0
        let (nameSize, valueSize) = (narrow ? 14.0 : 16.0, narrow ? 11.0 : 12.5)
        let words = comparison.alignedWords
        let decimals = NumberText.decimals(for: scale)
        let longest = (words.map { TextWidth.ems($0.name) }.max() ?? 0) * nameSize
        let nameWidth = min(longest, width * 0.3) + 16
        let columns = narrow ? [64.0] : [130.0, 130, 150]
        let axisEnd = width - columns.reduce(0, +) - 8
        let measured = words.flatMap { word in
            [comparison.readings(word).a, comparison.readings(word).b].compactMap { $0 }
        }
        let axis = BarAxis(values: measured, from: nameWidth + 10, to: axisEnd)
        var drawing = Drawing()
        let head = 24.0
        drawHead(axis: axis, columns: columns, y: 10, into: &drawing)
        drawing.line(
            x1: axis.zero, y1: head, x2: axis.zero, y2: head + rowHeight * Double(words.count), class: "axis",
            width: 0.75)
        for (row, word) in words.enumerated() {
            let y = head + rowHeight * (Double(row) + 0.5)
            let (a, b) = comparison.readings(word)
            drawing.text(
                TextWidth.fit(word.name, size: nameSize, width: nameWidth), x: 0, y: y + 5, size: nameSize,
                class: "word ink")
            if let a, let b {
                drawing.line(
                    x1: axis.x(a.value), y1: y, x2: axis.x(b.value), y2: y, class: b.value < a.value ? "ns" : "ps",
                    width: 2.5, opacity: 0.8)
            }
            if let a {
                drawing.circle(x: axis.x(a.value), y: y, radius: 5, class: "ink")
                drawing.circle(x: axis.x(a.value), y: y, radius: 3.5, class: "paper")
            }
            if let b { drawing.circle(x: axis.x(b.value), y: y, radius: 5, class: "ink") }
            drawValues(a: a, b: b, columns: columns, decimals: decimals, y: y + 4.5, size: valueSize, into: &drawing)
        }
        return Figure(width: width, height: head + rowHeight * Double(words.count), markup: drawing.markup)
    }

    private func drawHead(axis: BarAxis, columns: [Double], y: Double, into drawing: inout Drawing) {
        drawing.circle(x: 5, y: y - 4, radius: 5, class: "ink")
        drawing.circle(x: 5, y: y - 4, radius: 3.5, class: "paper")
        drawing.text("a", x: 15, y: y, size: 11, class: "soft")
        drawing.circle(x: 37, y: y - 4, radius: 5, class: "ink")
        drawing.text("b", x: 47, y: y, size: 11, class: "soft")
        let names = columns.count == 1 ? ["b \(NumberText.minus) a"] : ["a", "b", "b \(NumberText.minus) a, logits"]
        for (index, name) in names.enumerated() {
            drawing.text(name, x: right(index, columns), y: y, size: 11, class: "soft", anchor: .end)
        }
    }

    private func drawValues(
        a: Measured?, b: Measured?, columns: [Double], decimals: Int, y: Double, size: Double,
        into drawing: inout Drawing
    ) {
        let change: Measured? = if let a, let b { comparison.difference(a, b) } else { nil }
        let values = columns.count == 1 ? [change] : [a, b, change]
        for (index, value) in values.enumerated() {
            let text = value.map {
                columns.count == 1
                    ? NumberText.signed($0.value, decimals: decimals) : NumberText.withError($0, decimals: decimals)
            }
            let isChange = index == values.count - 1
            let name = isChange ? Tint.textClass(value?.value ?? 0, decimals: decimals) : "soft"
            drawing.text(text ?? "–", x: right(index, columns), y: y, size: size, class: name, anchor: .end)
        }
    }

    private func right(_ index: Int, _ columns: [Double]) -> Double { width - columns[(index + 1)...].reduce(0, +) }
}
