import ShownText

/// The parts of a page that are text rather than drawing.
struct HTMLPieces {
    var report: Report
    var id: String

    private var picture: Picture { report.picture }

    /// The caption as a heading: each word tinted by its value, the value beneath it.
    func caption(level: Int = 1) -> String {
        let decimals = NumberText.decimals(for: report.wordScale)
        let words = picture.captionSegments.map { segment -> String in
            guard let player = segment.player else { return segment.text.escaped }
            let index = player - picture.patchCount
            guard let value = report.wordValues[index] else {
                return "<ruby class=\"focus\" data-player=\"\(index)\">\(segment.text.escaped)</ruby>"
            }
            let opacity = px(Tint.strength(value, scale: report.wordScale) * 0.5)
            let label = NumberText.signed(value.value, decimals: decimals)
            let title = "\(NumberText.withError(value, decimals: decimals)) logits"
            return "<ruby class=\"\(Tint.cssClass(value.value))\" style=\"--o:\(opacity)\" data-player=\"\(index)\" "
                + "title=\"\(title.escaped)\">\(segment.text.escaped)<rt dir=\"ltr\">\(label)</rt></ruby>"
        }
        let long = picture.caption.unicodeScalars.count > 90 ? " class=\"long\"" : ""
        return "<h\(level) dir=\"auto\"\(long)>\(words.joined())</h\(level)>"
    }

    /// What the model says of the whole pair, and which model and picture it was.
    func facts() -> String {
        let soft = [report.sourceLine].filter { !$0.isEmpty } + report.unseenLines
        return "<p>\(report.similarityLine.escaped)</p>" + soft.map { "<p class=\"note\">\($0.escaped)</p>" }.joined()
    }

    /// The image as it is, without any heat.
    func thumbnail() -> String {
        let (width, height) = (picture.image.width, picture.image.height)
        let frame = ImageFrame(picture, id: id, x: 0, y: 0, width: 190, maxHeight: 260)
        guard picture.image.isDrawable else { return "<div class=\"thumb\"></div>" }
        return "<div class=\"thumb\"><svg viewBox=\"0 0 \(width) \(height)\" width=\"\(px(frame.width))\" "
            + "height=\"\(px(frame.height))\" role=\"img\" aria-label=\"The image that was explained\">"
            + "<use href=\"#\(id)-image\"/></svg></div>"
    }

    /// A drawing in its two widths, of which the page shows one.
    func figure(label: String, wide: Figure, narrow: Figure) -> String {
        let drawings = [("wide", wide), ("narrow", narrow)].map { name, figure in
            "<svg class=\"\(name)\" viewBox=\"0 0 \(px(figure.width)) \(px(figure.height))\" width=\"\(px(figure.width))\" "
                + "height=\"\(px(figure.height))\" role=\"img\" aria-label=\"\(label.escaped)\">\(figure.markup)</svg>"
        }
        return "<figure>\(drawings.joined())</figure>"
    }

    /// A list of pairs with their places, bars and values; the bars' axis holds `axisValues` where another table shares
    /// it.
    func table(_ table: Report.PairTable, axisValues: [Measured] = []) -> String {
        let axis = BarAxis(values: table.pairs.map(\.measured) + axisValues, from: 0, to: 200)
        let rows = table.pairs.map { pair -> String in
            var place = Drawing()
            PatchLocator(picture: picture, id: id).draw([pair.a, pair.b], x: 0, y: 0, size: 30, into: &place)
            let crops = [pair.a, pair.b].count { !picture.isWord($0) }
            let value = pair.measured
            var bar = Drawing()
            axis.draw(value, y: 6, into: &bar)
            let places =
                crops == 0
                ? "" : "<svg width=\"\(crops * 34 - 4)\" height=\"30\" aria-hidden=\"true\">\(place.markup)</svg>"
            return "<tr><td class=\"l\">\(places)</td><th scope=\"row\">\(name(of: pair))</th>"
                + "<td class=\"b\"><svg viewBox=\"0 0 200 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\(bar.markup)</svg></td>"
                + "<td class=\"v \(value.value < 0 ? "nt" : "pt")\">\(report.text(of: pair).escaped)</td></tr>"
        }
        return
            "<div><h3>\(table.title.escaped)</h3><table><tr><th scope=\"col\" colspan=\"2\">pair</th><th scope=\"col\" class=\"b\"></th>"
            + "<th scope=\"col\" class=\"v\">logits</th></tr>\(rows.joined())</table></div>"
    }

    private func name(of pair: MeasuredPair) -> String {
        func part(_ player: Int) -> String {
            picture.isWord(player)
                ? "<bdi class=\"w\">\(picture.wordNames[player - picture.patchCount].escaped)</bdi>"
                : picture.longName(player).escaped
        }
        if let focus = report.focus { return part(pair.a == focus ? pair.b : pair.a) }
        return picture.isWord(pair.b) && !picture.isWord(pair.a)
            ? "\(part(pair.b)) × \(part(pair.a))" : "\(part(pair.a)) × \(part(pair.b))"
    }
}
