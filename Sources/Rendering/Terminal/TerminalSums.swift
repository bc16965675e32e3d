import ShownText

/// What adds up, as lines of a terminal.
extension TerminalLists {
    /// The waterfall: bars that begin where the last one ended.
    package func steps(_ waterfall: Waterfall, width: Int) -> [String] {
        let levels = waterfall.levels
        let extent = [0, waterfall.start, waterfall.end] + levels.map(\.to)
        let (least, most) = (extent.min() ?? 0, extent.max() ?? 0)
        let decimals = NumberText.decimals(for: max(abs(least), abs(most)))
        let rows =
            [("nothing shown", 0.0, waterfall.start, NumberText.plain(waterfall.start, decimals: decimals))]
            + zip(waterfall.steps, levels).map { step, level in
                (step.name.terminalSafe, level.from, level.to, NumberText.signed(step.value, decimals: decimals))
            } + [("all shown", 0.0, waterfall.end, NumberText.plain(waterfall.end, decimals: decimals))]
        let valueWidth = rows.map(\.3.columns).max() ?? 0
        let nameWidth = min(rows.map(\.0.columns).max() ?? 0, max(4, width - valueWidth - 4))
        let barWidth = max(0, min(30, width - nameWidth - valueWidth - 4))
        func column(_ value: Double) -> Int {
            most > least ? Int(((value - least) / (most - least) * Double(barWidth)).rounded()) : 0
        }
        return rows.enumerated().map { row, line in
            let isEnd = row == 0 || row == rows.count - 1
            let (low, high) = (column(min(line.1, line.2)), column(max(line.1, line.2)))
            let change = line.2 - line.1
            let hue = isEnd ? TerminalText.neutral : TerminalText.hue(change)
            let fill = text.mode == .none && change < 0 && !isEnd ? "▒" : "█"
            let bar = String(repeating: fill, count: high == low && change != 0 && barWidth > 0 ? 1 : high - low)
            let start = min(low, max(0, barWidth - bar.columns))
            let space = String(repeating: " ", count: max(0, barWidth - start - bar.columns))
            return line.0.fitted(nameWidth) + "  " + String(repeating: " ", count: start) + text.colored(bar, hue)
                + space
                + "  " + text.colored(line.3.fitted(valueWidth, alignRight: true), hue)
        }
    }

    /// Named parts: what the estimate predicts and what the model says.
    package func parts(width: Int) -> [String] {
        let rows = report.subsetRows
        let decimals = NumberText.decimals(for: rows.map { max(abs($0.predicted), abs($0.modelValue ?? 0)) }.max() ?? 0)
        let column = 10
        let nameWidth = max(4, min(rows.map(\.name.terminalSafe.columns).max() ?? 4, width - 2 * column))
        let head = "".fitted(nameWidth) + ["estimate", "model"].map { $0.fitted(column, alignRight: true) }.joined()
        return [text.dim(head)]
            + rows.map { row in
                let values = [row.predicted, row.modelValue].map {
                    ($0.map { NumberText.plain($0, decimals: decimals) } ?? "–").fitted(column, alignRight: true)
                }
                return row.name.terminalSafe.fitted(nameWidth) + values.joined()
            }
    }
}
