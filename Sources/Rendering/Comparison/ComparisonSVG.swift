extension PictureComparison {
    /// One SVG file with both explanations on one scale. `options.view` must be `.overview`.
    package func svg(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        try options.checkForComparison()
        let (a, b) = try reports(options)
        let width = Double(try options.width(default: 1080, least: 320))
        return ComparisonSVG(comparison: self, a: a, b: b, width: width).markup()
    }
}

/// Side by side from 720 pixels, else one above the other; then the words on one axis.
struct ComparisonSVG {
    var comparison: PictureComparison
    var a: Report
    var b: Report
    var width: Double

    func markup() -> String {
        let margin = width < 620 ? 16.0 : 40
        let inner = width - 2 * margin
        let side = width >= 720
        let column = side ? (inner - 48) / 2 : inner
        var drawing = Drawing()
        var y = margin
        var bottom = y
        for (name, report, other) in [("a", a, b), ("b", b, a)] {
            let x = margin + (side && name == "b" ? column + 48 : 0)
            if !side { y = bottom }
            let end = drawColumn(name, report, beside: other, x: x, y: y, width: column, into: &drawing)
            bottom = max(bottom, end)
        }
        y = bottom + 26
        drawing.text("What changed, word by word", x: margin, y: y, size: 15, class: "ink head")
        let words = DumbbellFigure(comparison: comparison, scale: a.scales.word, width: inner).figure()
        drawing.group("transform=\"translate(\(px(margin)) \(px(y + 16)))\"") { $0.append(words.markup) }
        y += 16 + words.height + 30
        for text in [a.captionKey, "a: \(a.methodLine)", "b: \(b.methodLine)"] {
            for line in wrapped(text, size: 11, width: inner) {
                drawing.text(line, x: margin, y: y, size: 11, class: "soft")
                y += 16
            }
        }
        let definitions =
            Definitions(report: a, id: "a").markup()
            + Definitions(report: b, id: "b", sharedImage: comparison.a.image == comparison.b.image ? "a" : nil)
            .markup()
        return SVGDocument.wrap(
            drawing.markup, width: width, height: y + margin - 16, title: comparison.title,
            summary: "a: \(a.summary) b: \(b.summary)", definitions: definitions)
    }

    /// Draws one explanation and returns where it ends.
    private func drawColumn(
        _ name: String, _ report: Report, beside other: Report, x: Double, y start: Double, width: Double,
        into drawing: inout Drawing
    ) -> Double {
        var y = start + 11
        drawing.text("\(name == "a" ? "○" : "●") \(name)", x: x, y: y, size: 13, class: "soft")
        y += 8
        let caption = CaptionFigure(report: report, width: width).figure()
        drawing.group("transform=\"translate(\(px(x)) \(px(y)))\"") { $0.append(caption.markup) }
        y += caption.height
        for (line, style) in [
            (report.similarityLine, "ink"), (report.sourceLine, "soft"),
        ] + report.unseenLines.map({ ($0, "soft") }) where !line.isEmpty {
            y += 17
            drawing.text(TextWidth.fit(line, size: 12.5, width: width), x: x, y: y, size: 12.5, class: style)
        }
        y += 14
        let links = LinkFigure(report: report, id: name, width: width, companion: other).figure()
        drawing.group("transform=\"translate(\(px(x)) \(px(y)))\"") { $0.append(links.markup) }
        return y + links.height
    }
}
