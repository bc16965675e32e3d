extension PictureComparison {
    /// One HTML page with both explanations on one scale. `options.view` must be `.overview`.
    package func html(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        try options.checkForComparison()
        let (a, b) = try reports(options)
        let width = try options.width(default: 1080, least: 320)
        return ComparisonHTML(comparison: self, a: a, b: b, width: Double(width)).markup()
    }
}

extension PictureOptions {
    /// A comparison has one view.
    func checkForComparison() throws(RenderError) {
        if view != .overview { throw .viewNotComparable }
    }
}

/// Two columns, one explanation each, then what changed.
struct ComparisonHTML {
    var comparison: PictureComparison
    var a: Report
    var b: Report
    var width: Double

    private var wide: Double { max(320, width - 80) }
    private let narrow = 368.0

    func markup() -> String {
        let columns = [column("a", a, beside: b), column("b", b, beside: a)]
        var body = "<p class=\"note\">\(comparison.title.escaped)</p><p class=\"note key\">\(a.captionKey.escaped)</p>"
        body += "<section class=\"columns pair\">\(columns.joined())</section>\n"
        let pieces = HTMLPieces(report: a, id: "a")
        func words(_ width: Double) -> Figure {
            DumbbellFigure(comparison: comparison, scale: a.scales.word, width: width).figure()
        }
        body +=
            "<section><h2>What changed, word by word</h2>"
            + pieces.figure(label: "Readings of each word in a and in b", wide: words(wide), narrow: words(narrow))
            + "</section>\n"
        if let differences = comparison.patchDifferences {
            let scale = differences.reduce(0) { max($0, abs($1.value)) }
            func map(_ width: Double) -> Figure {
                DifferenceMap(report: a, differences: differences, scale: scale, id: "a", width: width).figure()
            }
            body +=
                "<section><h2>What changed on the image</h2>"
                + pieces.figure(label: "Change of each patch's reading", wide: map(wide), narrow: map(narrow))
                + "</section>\n"
        }
        let axisValues = [a, b].flatMap { $0.tables.prefix(1).flatMap { $0.pairs.map(\.measured) } }
        let tables = [a, b].map { report in
            report.tables.prefix(1).map { HTMLPieces(report: report, id: "a").table($0, axisValues: axisValues) }
                .joined()
        }
        if tables.contains(where: { !$0.isEmpty }) {
            body +=
                "<section><h2>The strongest pairs</h2><div class=\"columns\">\(tables.map { $0.isEmpty ? "<div></div>" : $0 }.joined())</div></section>\n"
        }
        body += "<footer><p>a: \(a.methodLine.escaped)</p><p>b: \(b.methodLine.escaped)</p></footer>"
        let definitions =
            Definitions(report: a, id: "a").markup()
            + Definitions(report: b, id: "b", sharedImage: comparison.a.image == comparison.b.image ? "a" : nil)
            .markup()
        return HTMLDocument.wrap(
            body, title: "\(comparison.title): \(comparison.a.caption) / \(comparison.b.caption)", width: width,
            definitions: definitions, script: "")
    }

    private func column(_ name: String, _ report: Report, beside other: Report) -> String {
        let pieces = HTMLPieces(report: report, id: name)
        func links(_ width: Double) -> Figure {
            LinkFigure(report: report, id: name, width: width, companion: other).figure()
        }
        return
            "<div><p class=\"note\">\(name == "a" ? "○" : "●") \(name)</p>\(pieces.caption(level: 1))\(pieces.facts())"
            + pieces.figure(label: "\(name): \(report.summary)", wide: links((wide - 48) / 2), narrow: links(narrow))
            + "</div>"
    }
}
