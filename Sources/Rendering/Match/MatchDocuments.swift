import ShownText

/// Two inputs as an SVG file: what they are, the figure, and the strongest pairs.
struct MatchSVG {
    let report: MatchReport
    let width: Double

    private var margin: Double { width < 620 ? 16 : 40 }

    func document() -> String {
        let inner = width - 2 * margin
        var drawing = Drawing()
        var y = margin + 6
        func line(_ text: String, size: Double, class name: String, into drawing: inout Drawing) {
            for part in wrapped(text, size: size, width: inner) {
                drawing.text(
                    TextWidth.fit(part, size: size, width: inner), x: margin, y: y + size, size: size, class: name)
                y += size + 7
            }
        }
        line(report.heading, size: width < 620 ? 17 : 22, class: "word ink", into: &drawing)
        line(report.similarityLine, size: 13, class: "ink", into: &drawing)
        y += 18
        line(report.title, size: 15, class: "ink head", into: &drawing)
        y += 4
        let figure = MatchFigure(report: report, width: inner).figure()
        drawing.group("transform=\"translate(\(px(margin)) \(px(y)))\"") { $0.append(figure.markup) }
        y += figure.height + 26
        if !report.shown.isEmpty {
            line("The strongest pairs, \(report.picture.unit)", size: 15, class: "ink head", into: &drawing)
            y += 4
            let rows = MatchRows(report: report, width: inner).figure()
            drawing.group("transform=\"translate(\(px(margin)) \(px(y)))\"") { $0.append(rows.markup) }
            y += rows.height + 20
        }
        line(report.methodLine, size: 11, class: "soft", into: &drawing)
        return SVGDocument.wrap(
            drawing.markup, width: width, height: y + margin - 12, title: "\(report.title): \(report.heading)",
            summary: report.summary, definitions: MatchFigure.definitions(report.picture))
    }
}

/// The strongest pairs with bars and errors.
struct MatchRows {
    let report: MatchReport
    let width: Double

    func figure() -> Figure {
        let isNarrow = width < 620
        let (height, nameWidth) = (30.0, isNarrow ? width * 0.66 : width * 0.5)
        let axis = BarAxis(
            values: report.shown.map(\.measured), from: nameWidth + 16, to: width - (isNarrow ? 96 : 130))
        var drawing = Drawing()
        for (row, pair) in report.shown.enumerated() {
            let y = height * (Double(row) + 0.5)
            drawing.text(
                TextWidth.fit(report.name(pair), size: 13, width: nameWidth), x: 0, y: y + 4.5, size: 13)
            let value = pair.measured
            if !isNarrow { axis.draw(value, y: y, into: &drawing) }
            drawing.text(
                report.text(pair), x: width, y: y + 4.5, size: 12.5,
                class: Tint.textClass(value.value, decimals: report.decimals), anchor: .end)
        }
        return Figure(width: width, height: height * Double(report.shown.count), markup: drawing.markup)
    }
}

/// Two inputs as a page.
struct MatchHTML {
    let report: MatchReport
    let width: Double

    func markup() -> String {
        let inner = max(320, width - 80)
        let hasPairs = !report.pairs.isEmpty
        func svg(_ figure: Figure, _ name: String) -> String {
            "<svg class=\"\(name)\" viewBox=\"0 0 \(px(figure.width)) \(px(figure.height))\" width=\"\(px(figure.width))\" "
                + "height=\"\(px(figure.height))\" role=\"img\" aria-label=\"\(report.summary.escaped)\">\(figure.markup)</svg>"
        }
        func both(_ draw: (Double) -> Figure) -> String {
            "<figure>\(svg(draw(inner), "wide"))\(svg(draw(368), "narrow"))</figure>"
        }
        let figure = both { MatchFigure(report: report, width: $0, interactive: hasPairs).figure() }
        let rows = both { MatchRows(report: report, width: $0).figure() }
        let hint =
            hasPairs
            ? "<p class=\"note screen\" id=\"told\">Point at a patch or a word to see its partners; click to keep it. Esc lets go.</p>"
            : ""
        let body =
            "<div><h1 class=\"long\">\(report.heading.escaped)</h1><p>\(report.similarityLine.escaped)</p></div><br>"
            + "<section><h2>\(report.title.escaped)</h2>\(figure)\(hint)</section>"
            + (hasPairs
                ? "<section><h2>The strongest pairs, \(report.picture.unit.escaped)</h2>\(rows)</section>" : "")
            + "<footer>\(report.methodLine.escaped)</footer>"
        return HTMLDocument.wrap(
            body, title: "\(report.heading) · \(report.title)", width: width,
            definitions: MatchFigure.definitions(report.picture), script: hasPairs ? script : "")
    }

    /// Fills the partners of the player pointed at, as strongly as their pairs are.
    private var script: String {
        let (first, second) = (report.picture.first.count, report.picture.second.count)
        let decimals = 6
        let table = (0..<first).map { i in
            "["
                + (0..<second).map { NumberText.coordinateText(report.picture.pair(i, first + $0).value, decimals) }
                .joined(separator: ",") + "]"
        }.joined(separator: ",")
        return """
            <script>
            const pairs=[\(table)],scale=\(NumberText.coordinateText(max(report.pairScale, 1e-9), 9));let kept=null;
            const touches=[...document.querySelectorAll('.touch')];
            function show(t){
              const on=t!==null,s=on?+t.dataset.side:0,p=on?+t.dataset.player:0;
              for(const u of touches){
                const same=+u.dataset.side===s,q=+u.dataset.player;
                const v=on&&!same?(s===0?pairs[p][q]:pairs[q][p]):0;
                u.classList.toggle('p',v>0);u.classList.toggle('n',v<0);u.classList.toggle('on',on&&same&&p===q);
                u.style.fillOpacity=Math.min(.85,Math.abs(v)/scale);
                u.style.stroke=on&&same&&p===q?'currentColor':'none';u.style.strokeWidth=2;
              }
              for(const g of document.querySelectorAll('.arcs,.match,.heat'))g.style.opacity=on?(g.classList.contains('heat')?.55:.12):1;
            }
            for(const t of touches){
              t.addEventListener('mouseenter',()=>kept||show(t));t.addEventListener('mouseleave',()=>kept||show(null));
              t.addEventListener('focus',()=>kept||show(t));
              t.addEventListener('click',()=>{kept=kept===t?null:t;show(kept)});
            }
            addEventListener('keydown',e=>{if(e.key==='Escape'){kept=null;show(null)}else if(e.key==='Enter'&&document.activeElement.classList.contains('touch'))document.activeElement.dispatchEvent(new Event('click'))});
            </script>
            """
    }
}

extension NumberText {
    /// A number for a script, in ASCII.
    static func coordinateText(_ value: Double, _ decimals: Int) -> String {
        String(plain(value, decimals: decimals).map { $0 == "\u{2212}" ? "-" : $0 })
    }
}

extension MatchReport {
    /// Both inputs by name.
    var heading: String { "\(picture.first.title)  ↔  \(picture.second.title)" }
}

/// Two inputs as text.
struct MatchText {
    let report: MatchReport

    func lines(_ text: TerminalText, width: Int) -> [String] {
        var lines = wrappedColumns(report.heading.terminalSafe, width: width).map { text.bold($0) }
        lines += wrappedColumns(report.similarityLine.terminalSafe, width: width)
        lines += [""]
        if report.pairs.isEmpty {
            lines += rows(players, text, width: width, title: report.title)
        } else {
            lines += rows(
                report.shown.map { (report.name($0), $0.measured) }, text, width: width,
                title: "\(report.title), \(report.picture.unit)")
        }
        lines += [""] + wrappedColumns(report.methodLine.terminalSafe, width: width).map(text.dim)
        return lines
    }

    /// The players of largest value, where there are no pairs.
    private var players: [(name: String, measured: Measured)] {
        [report.picture.first, report.picture.second].enumerated().flatMap { index, side in
            report.common(index).enumerated().map { (side.name($0.offset), $0.element) }
        }.sorted { abs($0.1.value) > abs($1.1.value) }.prefix(report.topK).map { (name: $0.0, measured: $0.1) }
    }

    private func rows(
        _ rows: [(name: String, measured: Measured)], _ text: TerminalText, width: Int, title: String
    ) -> [String] {
        let scale = rows.map { abs($0.measured.value) }.max() ?? 0
        let decimals = scale < 0.05 ? 4 : max(3, NumberText.decimals(for: scale))
        let values = rows.map { NumberText.withError($0.measured, decimals: decimals) }
        let valueWidth = values.map(\.columns).max() ?? 0
        let nameWidth = min(rows.map(\.name.terminalSafe.columns).max() ?? 0, max(8, width - valueWidth - 6))
        let barWidth = max(0, min(24, width - nameWidth - valueWidth - 4))
        return [text.bold(title.terminalSafe)]
            + zip(rows, values).map { row, value in
                let filled = scale > 0 ? Int((abs(row.measured.value) / scale * Double(barWidth)).rounded()) : 0
                let block = row.measured.value < 0 && text.mode == .none ? "▒" : "█"
                let bar = String(repeating: block, count: filled).fitted(barWidth)
                return row.name.terminalSafe.fitted(nameWidth) + "  "
                    + text.colored(bar, TerminalText.hue(row.measured.value)) + "  "
                    + text.colored(value.fitted(valueWidth, alignRight: true), TerminalText.hue(row.measured.value))
            }
    }

    func markdown() -> String {
        var blocks = ["## \(report.title.markdownEscaped)"]
        blocks.append("\(report.heading.markdownEscaped)  \n\(report.similarityLine.markdownEscaped)")
        let rows =
            report.pairs.isEmpty
            ? players.map { "| \($0.name.markdownEscaped) | \(NumberText.withError($0.measured, decimals: 3)) |" }
            : report.shown.map { "| \(report.name($0).markdownEscaped) | \(report.text($0)) |" }
        blocks.append((["| | \(report.picture.unit) |", "|:--|--:|"] + rows).joined(separator: "\n"))
        blocks.append(report.methodLine.markdownEscaped)
        return blocks.joined(separator: "\n\n") + "\n"
    }
}
