import ShownText

extension Picture {
    /// Text for a terminal, at most `options.width` columns wide (default 80), in `options.colorMode`.
    package func ansi(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        let report = try Report(self, options: options)
        let width = try options.width(default: 80, least: 32)
        return TerminalDocument(report: report, text: TerminalText(mode: options.colorMode), width: width).lines()
            .asText
    }
}

/// A report as lines of a terminal.
struct TerminalDocument {
    var report: Report
    var text: TerminalText
    var width: Int

    func lines() -> [String] {
        let lists = TerminalLists(report: report, text: text)
        var lines = lists.caption(width: width)
        lines += wrappedPlain(report.similarityLine)
        lines += (wrappedPlain(report.sourceLine) + report.unseenLines.flatMap(wrappedPlain)).map(text.dim)
        lines += [
            "", text.bold(report.viewTitle.terminalSafe.fitted(min(width, report.viewTitle.terminalSafe.columns))),
        ]
        lines += main(lists)
        for table in report.tables {
            lines += ["", text.bold("\(table.title), logits")] + lists.pairs(table, width: width)
        }
        if let waterfall = report.waterfall {
            lines += ["", text.bold("\(Report.waterfallTitle), logits")] + lists.steps(waterfall, width: width)
            if !report.subsetRows.isEmpty {
                lines += ["", text.bold("\(Report.subsetTitle), logits")] + lists.parts(width: width)
            }
        }
        lines += [""] + wrappedPlain(report.methodLine).map(text.dim)
        return lines
    }

    /// Whether the words stand beside the image.
    private var isBesides: Bool { width >= 64 }
    private var imageWidth: Int { isBesides ? min(44, width * 2 / 5) : min(40, width) }
    private var image: TerminalImage { TerminalImage(report: report, text: text, width: imageWidth) }

    /// The image and, beside it where there is room, the words.
    private func main(_ lists: TerminalLists) -> [String] {
        let (side, imageWidth) = (isBesides, self.imageWidth)
        let image = self.image.lines()
        guard side, !image.isEmpty else {
            return image + legend + [""] + wrappedPlain(report.wordTitle).map(text.dim) + lists.words(width: width)
        }
        let room = width - imageWidth - 3
        let right = wrappedColumns(report.wordTitle.terminalSafe, width: room).map(text.dim) + lists.words(width: room)
        let blank = String(repeating: " ", count: imageWidth)
        let joined = (0..<max(image.count, right.count)).map { row -> String in
            let left = row < image.count ? image[row] : blank
            return row < right.count ? "\(left)   \(right[row])" : left
        }
        return joined + legend
    }

    private var legend: [String] {
        guard !report.heat.isEmpty else { return [] }
        let decimals = NumberText.decimals(for: report.heatScale)
        let most = NumberText.plain(report.heatScale, decimals: decimals)
        if text.mode == .none {
            guard report.picture.patches.formGrid else { return [] }
            return wrappedPlain("\(report.heatTitle): \(image.signsKey), up to \(most)")
        }
        let (low, high) = ("■ \(NumberText.minus)\(most)", "■ +\(most)")
        let scale =
            "\(text.colored(low, TerminalText.negative)) \(text.dim("to")) \(text.colored(high, TerminalText.positive))"
        let title = report.heatTitle.terminalSafe
        let fits = low.columns + high.columns + title.columns + 5 <= width
        return fits ? ["\(scale) \(text.dim(title))"] : [scale] + wrappedPlain(title).map(text.dim)
    }

    private func wrappedPlain(_ line: String) -> [String] { wrappedColumns(line.terminalSafe, width: width) }
}

extension [String] {
    /// Lines without trailing spaces, each ended.
    var asText: String {
        map { line in
            var text = Substring(line)
            while text.hasSuffix(" ") { text.removeLast() }
            return text + "\n"
        }.joined()
    }
}

/// Lines of at most `width` columns, broken at spaces.
func wrappedColumns(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
        if let last = lines.last, last.columns + 1 + String(word).columns <= width {
            lines[lines.count - 1] = "\(last) \(word)"
        } else {
            lines.append(String(word))
        }
    }
    return lines
}
