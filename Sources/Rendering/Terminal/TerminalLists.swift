import ShownText

/// Lists of values with bars. Length is size; the sign is in the number, the colour and, without colours, the fill.
package struct TerminalLists {
    var report: Report
    var text: TerminalText

    package init(report: Report, text: TerminalText) {
        self.report = report
        self.text = text
    }

    private var picture: Picture { report.picture }

    /// The words in reading order.
    func words(width: Int) -> [String] {
        let decimals = NumberText.decimals(for: report.wordScale)
        let rows = picture.words.indices.map { index -> Row in
            Row(name: picture.wordNames[index].terminalSafe, measured: report.wordValues[index])
        }
        return lines(rows, scale: report.wordScale, decimals: decimals, width: width, nameLimit: width / 3)
    }

    func pairs(_ table: Report.PairTable, width: Int) -> [String] {
        let scale = table.pairs.first.map(report.scale(of:)) ?? 0
        let nameLimit = width * 3 / 5
        let fit = table.pairs.allSatisfy { report.name(of: $0).terminalSafe.columns <= nameLimit }
        let rows = table.pairs.map { pair in
            Row(name: (fit ? report.name(of: pair) : report.shortName(of: pair)).terminalSafe, measured: pair.measured)
        }
        return lines(rows, scale: scale, decimals: NumberText.decimals(for: scale), width: width, nameLimit: nameLimit)
    }

    private struct Row {
        var name: String
        var measured: Measured?
    }

    private func lines(_ rows: [Row], scale: Double, decimals: Int, width: Int, nameLimit: Int) -> [String] {
        let values = rows.map { $0.measured.map { NumberText.withError($0, decimals: decimals) } ?? "in focus" }
        let valueWidth = values.map(\.columns).max() ?? 0
        let nameWidth = min(rows.map(\.name.columns).max() ?? 0, max(4, min(nameLimit, width - valueWidth - 4)))
        let barWidth = max(0, min(24, width - nameWidth - valueWidth - 4))
        return zip(rows, values).map { row, value in
            let measured = row.measured ?? Measured(0)
            let bar = self.bar(measured, scale: scale, width: barWidth)
            let number = value.fitted(valueWidth, alignRight: true)
            let shown = row.measured == nil ? text.dim(number) : text.colored(number, TerminalText.hue(measured.value))
            return row.name.fitted(nameWidth) + "  " + bar + "  " + shown
        }
    }

    /// A bar in eighths of a column; without colours a shaded one for negative values.
    func bar(_ measured: Measured, scale: Double, width: Int) -> String {
        guard width > 0 else { return "" }
        let eighths = scale > 0 ? Int((min(1, abs(measured.value) / scale) * Double(width) * 8).rounded()) : 0
        if text.mode == .none, measured.value < 0 {
            return String(repeating: "▒", count: (eighths + 4) / 8).fitted(width)
        }
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        let blocks = (String(repeating: "█", count: eighths / 8) + partial).fitted(width)
        let color = TerminalText.neutral.covered(
            by: TerminalText.hue(measured.value), opacity: 0.35 + 0.65 * measured.confidence)
        return text.colored(blocks, color)
    }

    /// The caption with each word in the colour of its value; without colours, signs follow the word.
    func caption(width: Int) -> [String] {
        var lines: [String] = [""]
        var used = 0
        for segment in picture.captionSegments {
            let plain = segment.text.terminalSafe
            guard let player = segment.player else {
                for piece in plain.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
                    if piece.offset > 0, used > 0 { append(" ", columns: 1, to: &lines, used: &used, width: width) }
                    append(
                        String(piece.element), columns: String(piece.element).columns, to: &lines, used: &used,
                        width: width)
                }
                continue
            }
            let (shown, columns) = word(plain, value: report.wordValues[player - picture.patchCount])
            append(shown, columns: columns, to: &lines, used: &used, width: width)
        }
        return lines
    }

    private func append(_ shown: String, columns: Int, to lines: inout [String], used: inout Int, width: Int) {
        if used > 0, used + columns > width {
            lines.append("")
            used = 0
            if shown == " " { return }
        }
        lines[lines.count - 1] += shown
        used += columns
    }

    private func word(_ plain: String, value: Measured?) -> (shown: String, columns: Int) {
        guard let value else {
            return (text.mode == .none ? "[\(plain)]" : text.bold(plain), plain.columns + (text.mode == .none ? 2 : 0))
        }
        let strength = Tint.strength(value, scale: report.wordScale)
        if text.mode == .none {
            let signs = String(repeating: value.value < 0 ? "-" : "+", count: Int((strength * 3).rounded()))
            let marked = signs.isEmpty ? plain : "\(plain)[\(signs)]"
            return (marked, marked.columns)
        }
        let color = TerminalText.neutral.covered(by: TerminalText.hue(value.value), opacity: min(1, strength * 1.3))
        return (text.colored(plain, color, bold: strength > 0.5), plain.columns)
    }
}
