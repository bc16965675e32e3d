import ShownText

extension Picture {
    /// Markdown with tables (GitHub's), for reports and issue trackers. No image is embedded.
    package func markdown(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        MarkdownDocument(report: try Report(self, options: options)).markup()
    }
}

/// A report as Markdown.
struct MarkdownDocument {
    var report: Report

    private var picture: Picture { report.picture }

    func markup() -> String {
        var blocks = [
            "> \(caption)", "\(report.similarityLine.markdownEscaped)  \n\(report.sourceLine.markdownEscaped)",
        ]
        blocks += report.unseenLines.map(\.markdownEscaped)
        blocks.append("## \(report.viewTitle.markdownEscaped)")
        if !picture.words.isEmpty { blocks.append(words) }
        if picture.patches.formGrid, !report.heat.isEmpty, picture.patches.columns <= 16 { blocks.append(grid) }
        blocks += report.tables.map(table)
        if let waterfall = report.waterfall {
            blocks += ["### \(Report.waterfallTitle)", report.waterfallKey.markdownEscaped, steps(waterfall)]
            if !report.subsetRows.isEmpty {
                blocks += ["### \(Report.subsetTitle)", report.subsetKey.markdownEscaped, parts]
            }
        }
        blocks.append("\(report.methodLine.markdownEscaped)")
        return blocks.joined(separator: "\n\n") + "\n"
    }

    /// The caption with its heaviest words in bold.
    private var caption: String {
        picture.captionSegments.map { segment in
            let text = segment.text.markdownEscaped
            guard let player = segment.player, let value = report.wordValues[player - picture.patchCount] else {
                return text
            }
            return Tint.strength(value, scale: report.wordScale) > 0.5 ? "**\(text)**" : text
        }.joined()
    }

    private var words: String {
        let decimals = NumberText.decimals(for: report.wordScale)
        let rows = picture.words.indices.map { index in
            let value = report.wordValues[index].map { NumberText.withError($0, decimals: decimals) } ?? "in focus"
            return "| \(picture.wordNames[index].markdownEscaped) | \(value) |"
        }
        return (["| \(report.wordTitle.markdownEscaped) | |", "|:--|--:|"] + rows).joined(separator: "\n")
    }

    private var grid: String {
        let (rows, columns) = (picture.patches.rows, picture.patches.columns)
        let decimals = NumberText.decimals(for: report.heatScale)
        let lines = (0..<rows).map { row in
            let values = (0..<columns).map {
                NumberText.signed(report.heat[row * columns + $0].value, decimals: decimals)
            }
            return "| **\(row + 1)** | \(values.joined(separator: " | ")) |"
        }
        let numbers = (1...columns).map(String.init).joined(separator: " | ")
        let head = [
            "| \(report.heatTitle.markdownEscaped) | \(numbers) |", "|--:|\(String(repeating: "--:|", count: columns))",
        ]
        return (head + lines).joined(separator: "\n")
    }

    private func steps(_ waterfall: Waterfall) -> String {
        let ends = [waterfall.start, waterfall.end]
        let decimals = NumberText.decimals(for: ends.map(abs).max() ?? 0)
        let rows =
            ["| nothing shown | \(NumberText.plain(waterfall.start, decimals: decimals)) |"]
            + waterfall.steps.map {
                "| \($0.name.markdownEscaped) | \(NumberText.signed($0.value, decimals: decimals)) |"
            } + ["| all shown | \(NumberText.plain(waterfall.end, decimals: decimals)) |"]
        return (["| step | logits |", "|:--|--:|"] + rows).joined(separator: "\n")
    }

    private var parts: String {
        let rows = report.subsetRows
        let decimals = NumberText.decimals(for: rows.map { max(abs($0.predicted), abs($0.modelValue ?? 0)) }.max() ?? 0)
        let lines = rows.map { row in
            let model = row.modelValue.map { NumberText.plain($0, decimals: decimals) } ?? "–"
            return
                "| \(row.name.markdownEscaped) | \(NumberText.plain(row.predicted, decimals: decimals)) | \(model) |"
        }
        return (["| shown | estimate | model |", "|:--|--:|--:|"] + lines).joined(separator: "\n")
    }

    private func table(_ table: Report.PairTable) -> String {
        let rows = table.pairs.map { "| \(report.name(of: $0).markdownEscaped) | \(report.text(of: $0)) |" }
        return (["| \(table.title.markdownEscaped) | logits |", "|:--|--:|"] + rows).joined(separator: "\n")
    }
}

extension String {
    /// The text as Markdown shows it literally, on one line: punctuation that could be markup is escaped,
    /// `<` and `&` become references, control characters become U+FFFD.
    var markdownEscaped: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case "\\", "`", "*", "_", "{", "}", "[", "]", "#", "|", "~", "!", ">": result += "\\\(scalar)"
            case "\n", "\r", "\t": result += " "
            default: result.unicodeScalars.append(scalar.isControl || scalar.reordersText ? "\u{FFFD}" : scalar)
            }
        }
        return result
    }
}
