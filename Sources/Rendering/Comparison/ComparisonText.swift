import ShownText

extension PictureComparison {
    /// Text for a terminal: both images side by side where there is room, and the words of both.
    package func ansi(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        try options.checkForComparison()
        let (a, b) = try reports(options)
        let width = try options.width(default: 80, least: 32)
        let text = TerminalText(mode: options.colorMode)
        return ComparisonText(comparison: self, a: a, b: b, text: text, width: width).lines().asText
    }

    /// Markdown: both captions and a table of words.
    package func markdown(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        try options.checkForComparison()
        let (a, b) = try reports(options)
        let decimals = NumberText.decimals(for: a.scales.word)
        let rows = alignedWords.map { word -> String in
            let (x, y) = readings(word)
            let cells = [x, y, change(x, y)].map { $0.map { NumberText.withError($0, decimals: decimals) } ?? "–" }
            return "| \(word.name.markdownEscaped) | \(cells.joined(separator: " | ")) |"
        }
        var blocks = ["## \(title)"]
        for (name, report) in [("a", a), ("b", b)] {
            let facts = "\(report.similarityLine) · \(report.sourceLine)"
            var lines = ["**\(name)** \(report.picture.caption.markdownEscaped)", facts.markdownEscaped]
            lines += report.unseenLines.map(\.markdownEscaped)
            blocks.append(lines.joined(separator: "  \n"))
        }
        blocks.append(
            (["| word, logits | a | b | b \(NumberText.minus) a |", "|:--|--:|--:|--:|"] + rows).joined(separator: "\n")
        )
        blocks.append("a: \(a.methodLine.markdownEscaped)  \nb: \(b.methodLine.markdownEscaped)")
        return blocks.joined(separator: "\n\n") + "\n"
    }

    func change(_ x: Measured?, _ y: Measured?) -> Measured? {
        guard let x, let y else { return nil }
        return difference(x, y)
    }
}

/// Two reports as lines of a terminal.
struct ComparisonText {
    var comparison: PictureComparison
    var a: Report
    var b: Report
    var text: TerminalText
    var width: Int

    func lines() -> [String] {
        var lines = [text.bold(comparison.title), ""]
        for (name, report) in [("a", a), ("b", b)] {
            let caption = TerminalLists(report: report, text: text).caption(width: width - 3)
            lines += caption.enumerated().map { ($0.offset == 0 ? "\(name)  " : "   ") + $0.element }
            for line in ["\(report.similarityLine) · \(report.sourceLine)"] + report.unseenLines {
                lines += wrappedColumns(line.terminalSafe, width: width - 3).map { "   " + text.dim($0) }
            }
        }
        lines += [""] + images() + [""] + words()
        for (name, report) in [("a", a), ("b", b)] {
            lines += [""] + wrappedColumns("\(name): \(report.methodLine)".terminalSafe, width: width).map(text.dim)
        }
        return lines
    }

    private func images() -> [String] {
        let side = width >= 60
        let column = side ? min(40, (width - 3) / 2) : min(40, width)
        let (left, right) = (
            TerminalImage(report: a, text: text, width: column).lines(),
            TerminalImage(report: b, text: text, width: column).lines()
        )
        guard side else { return left + [""] + right }
        let blank = String(repeating: " ", count: column)
        return (0..<max(left.count, right.count)).map { row in
            "\(row < left.count ? left[row] : blank)   \(row < right.count ? right[row] : "")"
        }
    }

    private func words() -> [String] {
        let decimals = NumberText.decimals(for: a.scales.word)
        let rows = comparison.alignedWords.map { word -> (name: String, values: [Measured?]) in
            let (x, y) = comparison.readings(word)
            return (word.name.terminalSafe, [x, y, comparison.change(x, y)])
        }
        // Errors are shown where three columns with them fit.
        let errors = width >= 64
        func show(_ value: Measured?) -> String {
            guard let value else { return "–" }
            return errors
                ? NumberText.withError(value, decimals: decimals) : NumberText.signed(value.value, decimals: decimals)
        }
        let cell = max(6, rows.flatMap { $0.values.map { show($0).columns } }.max() ?? 0) + 2
        let nameWidth = max(4, min(rows.map(\.name.columns).max() ?? 4, width - 3 * cell))
        let head = ["a", "b", "b \(NumberText.minus) a"].map { $0.fitted(cell, alignRight: true) }.joined()
        let table = rows.map { row in
            row.name.fitted(nameWidth)
                + row.values.map { value in
                    let shown = show(value).fitted(cell, alignRight: true)
                    return value.map { text.colored(shown, TerminalText.hue($0.value)) } ?? text.dim(shown)
                }.joined()
        }
        return [text.dim("word".fitted(nameWidth) + head)] + table
    }
}
