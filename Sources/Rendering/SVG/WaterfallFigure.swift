import ShownText

/// The waterfall: a bar for each step that begins where the last one ended, the model's values at both ends.
struct WaterfallFigure {
    var waterfall: Waterfall
    var width: Double

    private var narrow: Bool { width < 620 }
    private var rowHeight: Double { 26 }
    private var size: Double { narrow ? 12 : 13.5 }

    func figure() -> Figure {
        let steps = waterfall.steps
        let levels = waterfall.levels
        let extent = ([waterfall.start, waterfall.end] + levels.map(\.to)).map { Measured($0) }
        let scale = extent.reduce(0) { max($0, abs($1.value)) }
        let decimals = NumberText.decimals(for: scale)
        let names = ["nothing shown"] + steps.map(\.name) + ["all shown"]
        let longest = names.map { TextWidth.ems($0) }.max() ?? 0
        let nameWidth = min(longest * size * TextWidth.widest, width * (narrow ? 0.46 : 0.4))
        let valueWidth = TextWidth.ems(NumberText.signed(-scale, decimals: decimals)) * size * TextWidth.widest + 8
        let axis = BarAxis(values: extent, from: nameWidth + 24, to: width - valueWidth - 8)
        var drawing = Drawing()
        let bottom = rowHeight * Double(names.count)
        drawing.line(x1: axis.zero, y1: 0, x2: axis.zero, y2: bottom, class: "axis", width: 0.75)
        let rows = [(from: 0.0, to: waterfall.start)] + levels + [(from: 0.0, to: waterfall.end)]
        for (row, level) in rows.enumerated() {
            let y = rowHeight * (Double(row) + 0.5)
            let isEnd = row == 0 || row == rows.count - 1
            let step = isEnd ? nil : steps[row - 1]
            let value = level.to - level.from
            let number =
                isEnd ? NumberText.plain(value, decimals: decimals) : NumberText.signed(value, decimals: decimals)
            drawing.group(title: "\(names[row]): \(number) logits") {
                if let color = step?.color {
                    $0.rect(x: 0, y: y - 6, width: 6, height: 12, class: "r\(color) step", radius: 1.5)
                }
                $0.text(
                    TextWidth.fit(names[row], size: size * (narrow ? TextWidth.widest : 1), width: nameWidth), x: 12,
                    y: y + size * 0.35, size: size, class: isEnd ? "ink head" : "ink")
                let (start, end) = (axis.x(min(level.from, level.to)), axis.x(max(level.from, level.to)))
                let name = isEnd ? "ink" : step?.isMissed == true ? "soft" : Tint.cssClass(value)
                $0.rect(
                    x: start, y: y - 6, width: max(0.75, end - start), height: 12, class: "\(name) step",
                    opacity: isEnd ? 0.6 : step?.isMissed == true ? 0.5 : 0.85)
                $0.text(
                    number, x: width, y: y + size * 0.35, size: size,
                    class: isEnd ? "ink" : step?.isMissed == true ? "soft" : Tint.textClass(value, decimals: decimals),
                    anchor: .end)
            }
            if row < rows.count - 1 {
                let x = axis.x(level.to)
                drawing.line(x1: x, y1: y + 6, x2: x, y2: y + rowHeight - 6, class: "axis", width: 0.75)
            }
        }
        return Figure(width: width, height: bottom, markup: drawing.markup)
    }
}
