import ShownText

/// What raises the match against what lowers it: stretches of one axis that meet at the model's value, those that raise
/// it to the left of that value, those that lower it to the right.
package struct ForceFigure {
    var waterfall: Waterfall
    var width: Double

    package init(waterfall: Waterfall, width: Double) {
        self.waterfall = waterfall
        self.width = width
    }

    /// Rows of names below the band; what finds no place in them is told where one points at it.
    private static let mostRows = 8
    private let bandTop = 40.0
    private let bandHeight = 30.0
    /// How far the point of a stretch reaches.
    private let point = 5.0

    private struct Stretch {
        var step: Waterfall.Step
        var from: Double
        var to: Double
        var middle: Double { (from + to) / 2 }
    }

    package func figure() -> Figure {
        let decimals = NumberText.decimals(for: max(abs(waterfall.start), abs(waterfall.end)))
        let stretches = stretches(decimals: decimals)
        let ends = stretches.flatMap { [$0.from, $0.to] } + [waterfall.start, waterfall.end]
        let (least, most) = (ends.min() ?? 0, ends.max() ?? 0)
        let (left, right) = (point + 1, width - point - 1)
        func x(_ value: Double) -> Double {
            most > least ? left + (right - left) * (value - least) / (most - least) : (left + right) / 2
        }
        var drawing = Drawing()
        drawEnds(x: x, decimals: decimals, into: &drawing)
        for stretch in stretches {
            let number = NumberText.signed(stretch.step.value, decimals: decimals)
            drawing.group(title: "\(stretch.step.name): \(number) logits") {
                $0.path(
                    outline(from: x(stretch.from), to: x(stretch.to), raises: stretch.step.value > 0),
                    class: stretch.step.isMissed ? "soft gap" : "\(Tint.cssClass(stretch.step.value)) gap", width: 1.5)
            }
        }
        let bottom = drawNames(stretches, x: x, decimals: decimals, into: &drawing)
        return Figure(width: width, height: bottom, markup: drawing.markup)
    }

    /// The largest next to the value in which they meet; none that is printed as zero.
    private func stretches(decimals: Int) -> [Stretch] {
        let shown = waterfall.steps.filter {
            !NumberText.signed($0.value, decimals: decimals).allSatisfy("0.".contains)
        }
        let steps = shown.sorted { abs($0.value) > abs($1.value) }
        var (low, high) = (waterfall.end, waterfall.end)
        return steps.map { step in
            if step.value > 0 {
                defer { low -= step.value }
                return Stretch(step: step, from: low - step.value, to: low)
            }
            defer { high -= step.value }
            return Stretch(step: step, from: high, to: high - step.value)
        }
    }

    private func outline(from: Double, to: Double, raises: Bool) -> String {
        let (top, bottom, middle) = (bandTop, bandTop + bandHeight, bandTop + bandHeight / 2)
        let shift = raises ? point : -point
        let back = "L\(px(from)) \(px(bottom))L\(px(from + shift)) \(px(middle))z"
        return
            "M\(px(from)) \(px(top))L\(px(to)) \(px(top))L\(px(to + shift)) \(px(middle))L\(px(to)) \(px(bottom))\(back)"
    }

    /// The model's two values above the band.
    private func drawEnds(x: (Double) -> Double, decimals: Int, into drawing: inout Drawing) {
        let ends = [("nothing shown", waterfall.start, "soft"), ("all shown", waterfall.end, "ink head")]
        let size = width < 620 ? 11.0 : 13
        for (row, (name, value, style)) in ends.enumerated() {
            let text = "\(name) \(NumberText.plain(value, decimals: decimals))"
            let half = TextWidth.ems(text) * size * TextWidth.widest / 2
            let middle = min(max(x(value), half), width - half)
            let y = row == 0 ? 11.0 : 28
            drawing.line(x1: x(value), y1: y + 4, x2: x(value), y2: bandTop - 2, class: "axis", width: 1)
            drawing.text(text, x: middle, y: y, size: size, class: style, anchor: .middle)
        }
    }

    /// The names of the stretches, each to the right of a line down from its stretch. From right to left, no line meets
    /// a name that has its place already; those that would pass the right end come last.
    private func drawNames(
        _ stretches: [Stretch], x: (Double) -> Double, decimals: Int, into drawing: inout Drawing
    ) -> Double {
        let size = width < 620 ? 11.5 : 13.0
        let (top, rowHeight) = (bandTop + bandHeight, size * 2 + 16)
        var rows = NameRows(count: Self.mostRows)
        let labels = stretches.map { stretch in
            let name = TextWidth.fit(stretch.step.name, size: size * TextWidth.widest, width: width * 0.45)
            let number = NumberText.signed(stretch.step.value, decimals: decimals)
            let room = max(TextWidth.ems(name), TextWidth.ems(number)) * size * TextWidth.widest + 20
            return (stretch: stretch, name: name, number: number, room: room, stem: x(stretch.middle))
        }
        let fitting = labels.filter { $0.stem + $0.room <= width }.sorted { $0.stem > $1.stem }
        let others = labels.filter { $0.stem + $0.room > width }.sorted { $0.stem < $1.stem }
        for label in fitting + others {
            let isMoved = label.stem + label.room > width
            let start = isMoved ? max(0, label.stem - label.room) : label.stem
            guard let row = rows.place(from: start, to: start + label.room, stem: label.stem) else { continue }
            let y = top + 12 + rowHeight * Double(row)
            drawing.line(x1: label.stem, y1: top + 3, x2: label.stem, y2: y + 2 + size * 2, class: "axis", width: 0.75)
            let step = label.stretch.step
            let textX = isMoved ? label.stem - 7 : start + 7
            if let color = step.color {
                drawing.rect(
                    x: label.stem - 2, y: y + 2, width: 4, height: size * 2, class: "r\(color)", radius: 1)
            }
            drawing.text(
                label.name, x: textX, y: y + size * 0.9, size: size, anchor: isMoved ? .end : .start)
            drawing.text(
                label.number, x: textX, y: y + 2 + size * 1.9, size: size,
                class: step.isMissed ? "soft" : Tint.textClass(step.value, decimals: decimals),
                anchor: isMoved ? .end : .start)
        }
        return top + 12 + rowHeight * Double(rows.used)
    }
}

/// Places for names in rows, each with a stem that comes down to it from above.
private struct NameRows {
    private var spans: [[(from: Double, to: Double)]]
    private var stems: [(x: Double, row: Int)] = []

    init(count: Int) { spans = Array(repeating: [], count: count) }

    /// How many rows hold a name.
    var used: Int { (spans.lastIndex { !$0.isEmpty } ?? -1) + 1 }

    /// The first row where the name meets no other name or stem, and its stem no name; nil where there is none.
    mutating func place(from: Double, to: Double, stem: Double) -> Int? {
        let row = spans.indices.first { row in
            !spans[row].contains { from < $0.to && $0.from < to }
                && !stems.contains { $0.row > row && from < $0.x && $0.x < to }
                && !spans[..<row].joined().contains { $0.from < stem && stem < $0.to }
        }
        guard let row else { return nil }
        spans[row].append((from, to))
        stems.append((stem, row))
        return row
    }
}
