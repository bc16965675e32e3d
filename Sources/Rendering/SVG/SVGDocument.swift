extension Picture {
    /// One SVG file that needs nothing else: no script, no fonts, no links.
    package func svg(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        let report = try Report(self, options: options)
        let width = Double(try options.width(default: 960, least: 320))
        return SVGDocument(report: report, width: width).markup()
    }
}

/// The sections of a report stacked in one column.
struct SVGDocument {
    var report: Report
    var width: Double

    private var margin: Double { width < 620 ? 16 : 40 }

    func markup() -> String {
        let inner = width - 2 * margin
        var drawing = Drawing()
        var y = margin
        let id = "a"
        let thumbnail = ImageFrame(
            report.picture, id: id, x: 0, y: margin, width: width < 620 ? inner * 0.34 : 150, maxHeight: 200)
        let textWidth = width < 620 || report.isCompact ? inner : inner - thumbnail.width - 40
        place(CaptionFigure(report: report, width: textWidth).figure(), gap: 14, y: &y, into: &drawing)
        for (text, name) in [
            (report.lead, "ink"), (report.captionKey, "soft"), (report.similarityLine, "ink"),
            (report.sourceLine, "soft"),
        ] + report.unseenLines.map({ ($0, "soft") }) {
            for line in wrapped(text, size: 13, width: textWidth) {
                y += 14
                drawing.text(TextWidth.fit(line, size: 13, width: textWidth), x: margin, y: y, size: 13, class: name)
                y += 7
            }
        }
        if report.picture.image.isDrawable, !report.isCompact {
            var frame = thumbnail
            (frame.x, frame.y) = width < 620 ? (margin, y + 10) : (width - margin - frame.width, margin)
            frame.drawImage(into: &drawing)
            y = max(y, frame.y + frame.height)
        }
        y += report.isCompact ? 14 : 26
        if !report.isCompact { heading(report.viewTitle, y: &y, into: &drawing) }
        if !report.plotKey.isEmpty { note(report.plotKey, y: &y, into: &drawing) }
        place(report.figure(id: id, width: inner), gap: report.isCompact ? 20 : 34, y: &y, into: &drawing)
        if !report.isCompact, !report.isPlot { placeLists(inner, id: id, y: &y, into: &drawing) }
        for line in wrapped(report.methodLine, size: 11, width: inner) {
            drawing.text(line, x: margin, y: y + 4, size: 11, class: "soft")
            y += 16
        }
        return SVGDocument.wrap(
            drawing.markup, width: width, height: y + margin - 12,
            title: "\(report.viewTitle): \(report.picture.caption)",
            summary: report.summary, definitions: Definitions(report: report, id: id).markup())
    }

    /// What adds up, a map of each word, the strongest pairs and the budget's curve.
    private func placeLists(_ inner: Double, id: String, y: inout Double, into drawing: inout Drawing) {
        if let waterfall = report.waterfall {
            heading(Report.waterfallTitle, y: &y, into: &drawing)
            note(report.waterfallKey, y: &y, into: &drawing)
            place(WaterfallFigure(waterfall: waterfall, width: inner).figure(), gap: 34, y: &y, into: &drawing)
            heading(Report.subsetTitle, y: &y, into: &drawing)
            note(report.subsetKey, y: &y, into: &drawing)
            place(SubsetFigure(rows: report.subsetRows, width: inner).figure(), gap: 34, y: &y, into: &drawing)
        }
        if !report.maps.isEmpty {
            heading(report.mapsTitle, y: &y, into: &drawing)
            place(WordMaps(report: report, id: id, width: inner).figure(), gap: 34, y: &y, into: &drawing)
        }
        for table in report.tables {
            heading("\(table.title), logits", y: &y, into: &drawing)
            place(PairRows(report: report, id: id, width: inner).figure(table), gap: 30, y: &y, into: &drawing)
        }
        if report.view == .overview, let curve = BudgetCurve(report: report, width: inner).figure() {
            heading("As the budget grew", y: &y, into: &drawing)
            place(curve, gap: 30, y: &y, into: &drawing)
        }
    }

    private func place(_ figure: Figure, gap: Double, y: inout Double, into drawing: inout Drawing) {
        drawing.group("transform=\"translate(\(px(margin)) \(px(y)))\"") { $0.append(figure.markup) }
        y += figure.height + gap
    }

    private func heading(_ text: String, y: inout Double, into drawing: inout Drawing) {
        y += 15
        drawing.text(
            TextWidth.fit(text, size: 15, width: width - 2 * margin), x: margin, y: y, size: 15, class: "ink head")
        y += 16
    }

    private func note(_ text: String, y: inout Double, into drawing: inout Drawing) {
        for line in wrapped(text, size: 12, width: width - 2 * margin) {
            drawing.text(line, x: margin, y: y + 4, size: 12, class: "soft")
            y += 16
        }
        y += 6
    }

    /// The root element with the style, the filters and the shared definitions.
    static func wrap(
        _ body: String, width: Double, height: Double, title: String, summary: String, definitions: String
    ) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(px(width))" height="\(px(height))" \
        viewBox="0 0 \(px(width)) \(px(height))" role="img" aria-labelledby="title desc">
        <title id="title">\(title.escaped)</title><desc id="desc">\(summary.escaped)</desc>
        <style>\(Stylesheet.drawing)\(Stylesheet.gradientColors).head{font-weight:600}
        @media (prefers-color-scheme:dark){\(Stylesheet.darkDrawing)\(Stylesheet.darkGradientColors)}</style>
        <defs>\(Stylesheet.gradients)\(definitions)</defs>
        <rect width="100%" height="100%" class="paper"/>
        \(body)
        </svg>

        """
    }
}

/// Lines of at most `width`, broken at spaces.
func wrapped(_ text: String, size: Double, width: Double) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
        if let last = lines.last, TextWidth.ems("\(last) \(word)") * size * TextWidth.widest <= width {
            lines[lines.count - 1] = "\(last) \(word)"
        } else {
            lines.append(String(word))
        }
    }
    return lines
}
