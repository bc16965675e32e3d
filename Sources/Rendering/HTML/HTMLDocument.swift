extension Picture {
    /// One HTML page that needs nothing else: the image is inside it, and nothing is fetched.
    package func html(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        let report = try Report(self, options: options)
        let width = try options.width(default: 1080, least: 320)
        return HTMLDocument(report: report, width: Double(width)).markup()
    }
}

/// A report as a page.
struct HTMLDocument {
    var report: Report
    var width: Double

    /// Widths of the drawings in the wide and in the narrow layout.
    private var wide: Double { max(320, width - 80) }
    private let narrow = 368.0
    private let id = "a"

    func markup() -> String {
        let pieces = HTMLPieces(report: report, id: id)
        let interactive =
            report.view == .overview && report.picture.estimate.pairs != nil && !report.picture.words.isEmpty
        func links(_ width: Double) -> Figure {
            report.figure(id: id, width: width, interactive: interactive)
        }
        let lead = report.lead.isEmpty ? "" : "<p class=\"lead\">\(report.lead.escaped)</p>"
        let key = report.captionKey.isEmpty ? "" : "<p class=\"note key\">\(report.captionKey.escaped)</p>"
        var body = "<header><div>\(pieces.caption())\(lead)\(key)\(pieces.facts())</div>"
        body += "\(pieces.thumbnail())</header>"
        let plotKey = report.plotKey.isEmpty ? "" : "<p class=\"note key\">\(report.plotKey.escaped)</p>"
        let hint =
            interactive
            ? "<p class=\"note screen\">Point at a \(report.picture.textKind.singular) to see its pairs on the image; click to keep it, and another to add it. "
                + "Click on a patch to ask about it; drag a box, or hold Shift with the arrow keys, to ask about a region. Esc lets go.</p>"
                + PageScript.controls(isSmooth: report.map == .smooth && report.picture.patches.formGrid) : ""
        body += section(
            report.viewTitle,
            plotKey + pieces.figure(label: report.summary, wide: links(wide), narrow: links(narrow)) + hint)
        if !report.isCompact, !report.isPlot { body += lists(pieces) }
        body += "<footer>\(report.methodLine.escaped)</footer>"
        return HTMLDocument.wrap(
            body, title: "\(report.picture.caption) · \(report.viewTitle)", width: width,
            definitions: Definitions(report: report, id: id).markup(),
            script: interactive
                ? PageData(report: report).markup() + PageScript.markup : "")
    }

    /// What adds up, a map of each word, the strongest pairs and the budget's curve.
    private func lists(_ pieces: HTMLPieces) -> String {
        var body = ""
        if let waterfall = report.waterfall {
            func steps(_ width: Double) -> Figure { WaterfallFigure(waterfall: waterfall, width: width).figure() }
            func parts(_ width: Double) -> Figure { SubsetFigure(rows: report.subsetRows, width: width).figure() }
            body += section(
                Report.waterfallTitle,
                "<p class=\"note key\">\(report.waterfallKey.escaped)</p>"
                    + pieces.figure(
                        label: "From nothing shown to all shown, in logits", wide: steps(wide), narrow: steps(narrow)))
            body += section(
                Report.subsetTitle,
                "<p class=\"note key\">\(report.subsetKey.escaped)</p>"
                    + pieces.figure(
                        label: "What the estimate and the model say of parts, in logits", wide: parts(wide),
                        narrow: parts(narrow)))
        }
        if !report.maps.isEmpty {
            func maps(_ width: Double) -> Figure { WordMaps(report: report, id: id, width: width).figure() }
            body += section(
                report.mapsTitle,
                pieces.figure(
                    label: "One heat map per \(report.picture.textKind.singular)", wide: maps(wide),
                    narrow: maps(narrow)))
        }
        if !report.tables.isEmpty {
            body += section(
                "The strongest pairs", "<div class=\"columns\">\(report.tables.map { pieces.table($0) }.joined())</div>"
            )
        }
        if report.view == .overview, let wideCurve = BudgetCurve(report: report, width: wide).figure(),
            let narrowCurve = BudgetCurve(report: report, width: narrow).figure()
        {
            let label = "Leading values and leave-one-out R² against the number of image masks"
            body += section("As the budget grew", pieces.figure(label: label, wide: wideCurve, narrow: narrowCurve))
        }
        return body
    }

    private func section(_ title: String, _ content: String) -> String {
        "<section><h2>\(title.escaped)</h2>\(content)</section>\n"
    }

    static func wrap(_ body: String, title: String, width: Double, definitions: String, script: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <title>\(title.escaped)</title>
        <style>
        \(Stylesheet.page)
        \(Stylesheet.drawing)
        \(Stylesheet.gradientColors)
        main{max-width:\(px(width))px}
        @media screen and (prefers-color-scheme:dark){\(Stylesheet.darkPage)\(Stylesheet.darkDrawing)\(Stylesheet.darkGradientColors)}
        @media screen and (max-width:719px){\(Stylesheet.narrowPage)}
        @media print{\(Stylesheet.printPage).screen{display:none}}
        </style>
        </head>
        <body>
        <svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>\(Stylesheet.gradients)\(definitions)</defs></svg>
        <main>
        \(body)
        </main>
        \(script)
        </body>
        </html>

        """
    }
}
