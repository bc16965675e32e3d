/// The image in half blocks with the heat over it, or, without colours, a grid of signs.
struct TerminalImage {
    var report: Report
    var text: TerminalText
    /// Columns to fill.
    var width: Int

    /// Lines of exactly `width` columns.
    func lines() -> [String] { text.mode == .none ? signs() : halfBlocks() }

    private func halfBlocks() -> [String] {
        let image = report.picture.image
        let rows = max(2, Int((Double(width) * Double(image.height) / Double(image.width) / 2).rounded()) * 2)
        let colors = pixels(rows: min(rows, width * 3))
        return stride(from: 0, to: colors.count - 1, by: 2).map { row in
            var line = ""
            var last: (RGB, RGB)?
            for column in 0..<width {
                let (upper, lower) = (colors[row][column], colors[row + 1][column])
                if last.map({ $0 != upper || $1 != lower }) ?? true {
                    line += "\u{1B}[38;\(text.code(upper));48;\(text.code(lower))m"
                }
                last = (upper, lower)
                line += "▀"
            }
            return line + "\u{1B}[0m"
        }
    }

    /// Colours of `rows` × `width` pixels: the image with most of its colour taken out, covered by the heat.
    private func pixels(rows: Int) -> [[RGB]] {
        let picture = report.picture
        let (scaleX, scaleY) = (
            Double(picture.image.width) / Double(width), Double(picture.image.height) / Double(rows)
        )
        var heat = [Measured?](repeating: nil, count: rows * width)
        for (patch, measured) in report.heat.enumerated() {
            let box = picture.patches.boxes[patch]
            for row in 0..<rows
            where ((Double(row) + 0.5) * scaleY) >= box.y0 && ((Double(row) + 0.5) * scaleY) < box.y1 {
                for column in 0..<width
                where ((Double(column) + 0.5) * scaleX) >= box.x0 && ((Double(column) + 0.5) * scaleX) < box.x1 {
                    heat[row * width + column] = measured
                }
            }
        }
        return (0..<rows).map { row in
            (0..<width).map { column in
                let color = sample(row: row, of: rows, column: column)
                guard !report.heat.isEmpty else { return color }
                let washed = color.washed
                guard let measured = heat[row * width + column] else { return washed }
                let opacity = Tint.strength(measured, scale: report.heatScale) * Tint.cellOpacity
                return washed.covered(by: measured.value < 0 ? Tint.negative : Tint.positive, opacity: opacity)
            }
        }
    }

    /// The average of the colour cells under one pixel; grey where the picture carries none.
    private func sample(row: Int, of rows: Int, column: Int) -> RGB {
        guard let cells = report.picture.image.cells, cells.rows > 0, cells.columns > 0 else {
            return RGB(red: 200, green: 203, blue: 207)
        }
        func span(_ index: Int, _ count: Int, _ cells: Int) -> Range<Int> {
            let start = index * cells / count
            return start..<max(start + 1, (index + 1) * cells / count)
        }
        var sums = [0, 0, 0]
        var count = 0
        for y in span(row, rows, cells.rows) {
            for x in span(column, width, cells.columns) {
                let offset = (y * cells.columns + x) * 3
                for channel in 0..<3 { sums[channel] += Int(cells.rgb[offset + channel]) }
                count += 1
            }
        }
        return RGB(red: UInt8(sums[0] / count), green: UInt8(sums[1] / count), blue: UInt8(sums[2] / count))
    }

    /// One cell per patch: more signs for larger values, with row and column numbers. Regions are left to the lists.
    private func signs() -> [String] {
        let patches = report.picture.patches
        guard patches.formGrid, !report.heat.isEmpty else { return [] }
        let cell = max(1, min(4, (width - 3) / patches.columns))
        var lines: [String] = []
        if cell >= 2 {
            // Where two numbers would touch, every other one is left out.
            let step = "\(patches.columns)".count < cell ? 1 : 2
            let head = (1...patches.columns).map { column in
                (column % step == 1 % step ? "\(column)" : "").fitted(cell, alignRight: true)
            }
            lines.append("   " + head.joined())
        }
        for row in 0..<patches.rows {
            let signs = (0..<patches.columns).map { column in
                sign(report.heat[row * patches.columns + column], room: cell).fitted(cell, alignRight: true)
            }
            lines.append("\(row + 1)".fitted(2, alignRight: true) + " " + signs.joined())
        }
        return lines.map { $0.fitted(width) }
    }

    private func sign(_ measured: Measured, room: Int) -> String {
        let strength = Tint.strength(measured, scale: report.heatScale)
        let level = strength < 0.1 ? 0 : strength < 0.4 ? 1 : strength < 0.7 ? 2 : 3
        if level == 0 { return "·" }
        guard room < 4 else { return String(repeating: measured.value < 0 ? "-" : "+", count: level) }
        return measured.value < 0 ? (level == 1 ? "-" : "=") : (level == 1 ? "+" : "#")
    }

    /// What the signs mean, in the form that the grid has room for.
    var signsKey: String {
        (width - 3) / max(1, report.picture.patches.columns) >= 4
            ? "+ raises, - lowers, more signs for more" : "+ raises, # raises more, - lowers, = lowers more"
    }
}

extension RGB {
    /// Nearly grey, so that the colours laid over it can be told from the image's own.
    fileprivate var washed: RGB {
        let weighted = 299 * Int(red) + 587 * Int(green) + 114 * Int(blue)
        let luma = UInt8((weighted + 500) / 1000)
        let gray = RGB(red: luma, green: luma, blue: luma)
        return covered(by: gray, opacity: 0.85).covered(by: RGB(red: 160, green: 163, blue: 167), opacity: 0.25)
    }
}
