import ShownText

/// Two inputs side by side, matched players in one colour, and few arcs between the strongest pairs.
struct MatchFigure {
    let report: MatchReport
    let width: Double
    /// Whether players carry what the page's script needs.
    var interactive = false

    private var isNarrow: Bool { width < 620 }
    private var gap: Double { isNarrow ? 20 : 72 }
    private var column: Double { (width - gap) / 2 }
    /// Arcs drawn between images; texts have all that are listed.
    private static let fewArcs = 5

    /// Where a player is drawn.
    private struct Place {
        var x: Double
        var y: Double
        var width: Double
        var height: Double
    }

    func figure() -> Figure {
        let isTexts = report.picture.first.isText && report.picture.second.isText
        var drawing = Drawing()
        // Two texts lie above each other, all else side by side.
        let (left, leftHeight) =
            places(0, x: 0, y: 0, width: isTexts ? width : column)
        let secondY = isTexts ? leftHeight + 84 : 0
        let (right, rightHeight) = places(
            1, x: isTexts ? 0 : column + gap, y: secondY, width: isTexts ? width : column)
        let height = isTexts ? secondY + rightHeight : max(leftHeight, rightHeight)
        if isTexts { drawArcs(left, right, texts: true, into: &drawing) }
        draw(0, left, x: 0, y: 0, width: isTexts ? width : column, into: &drawing)
        draw(1, right, x: isTexts ? 0 : column + gap, y: secondY, width: isTexts ? width : column, into: &drawing)
        if !isTexts { drawArcs(left, right, texts: false, into: &drawing) }
        if interactive {
            drawTouch(0, left, into: &drawing)
            drawTouch(1, right, into: &drawing)
        }
        return Figure(width: width, height: height + 6, markup: drawing.markup)
    }

    private func frame(_ side: MatchPicture.Side, x: Double, y: Double, width: Double) -> Place? {
        guard case .image(_, let image, _) = side else { return nil }
        let scale = min(width / Double(image.width), width * 1.3 / Double(image.height))
        return Place(x: x, y: y, width: Double(image.width) * scale, height: Double(image.height) * scale)
    }

    private var wordSize: Double { isNarrow ? 17 : 24 }

    private func side(_ index: Int) -> MatchPicture.Side { index == 0 ? report.picture.first : report.picture.second }

    /// The places of a side's players, and its height.
    private func places(_ index: Int, x: Double, y: Double, width: Double) -> ([Place], Double) {
        switch side(index) {
        case .image(_, let image, let patches):
            guard let frame = frame(side(index), x: x, y: y, width: width) else { return ([], 0) }
            let scale = frame.width / Double(image.width)
            return (
                patches.boxes.map {
                    Place(
                        x: x + $0.x0 * scale, y: y + $0.y0 * scale, width: ($0.x1 - $0.x0) * scale,
                        height: ($0.y1 - $0.y0) * scale)
                }, frame.height
            )
        case .text(let caption, let words):
            var (result, left, line): ([Place], Double, Double) = ([], x, y)
            let height = wordSize * 1.5
            for word in words {
                let text = MatchPicture.Side.text(of: word, in: caption)
                let needed = TextWidth.ems(text) * wordSize * TextWidth.widest + 14
                if left > x, left + needed > x + width {
                    (left, line) = (x, line + height + 18)
                }
                result.append(Place(x: left, y: line, width: min(needed, width), height: height))
                left += needed + 8
            }
            return (result, line - y + height)
        case .vector: return ([], 40)
        }
    }

    private func draw(
        _ index: Int, _ places: [Place], x: Double, y: Double, width: Double, into drawing: inout Drawing
    ) {
        let values = report.common(index)
        let scale = report.commonScale
        switch side(index) {
        case .image(_, let image, let patches):
            guard let frame = frame(side(index), x: x, y: y, width: width) else { return }
            let factor = frame.width / Double(image.width)
            let transform = "translate(\(px(x)) \(px(y))) scale(\(NumberText.factor(factor)))"
            drawing.rect(x: x, y: y, width: frame.width, height: frame.height, class: "empty")
            if image.dataURI != nil {
                drawing.append("<use href=\"#\(MatchFigure.imageID(index))-image\" transform=\"\(transform)\"/>")
            }
            let heat = HeatMarkup(boxes: patches.boxes, values: values, scale: scale, columns: nil)
            drawing.append(
                "<g class=\"heat\" data-side=\"\(index)\" shape-rendering=\"crispEdges\" transform=\"\(transform)\">\(heat.markup())</g>"
            )
            guard patches.formGrid else { return }
            for (color, match) in report.matches.enumerated() {
                let d = PatchOutline.path(
                    around: index == 0 ? match.first : match.second, boxes: patches.boxes, columns: patches.columns)
                for (name, stroke) in [("casing", isNarrow ? 4.0 : 6.0), ("r\(color)s", isNarrow ? 2 : 3)] {
                    drawing.append(
                        "<path class=\"\(name) match\" stroke-width=\"\(px(stroke))\" vector-effect=\"non-scaling-stroke\" "
                            + "transform=\"\(transform)\" d=\"\(d)\"/>")
                }
            }
        case .text(let caption, let words):
            let matchOf = report.matches.map { index == 0 ? $0.first : $0.second }
            for (player, place) in places.enumerated() {
                let value = values[player]
                drawing.rect(
                    x: place.x, y: place.y, width: place.width, height: place.height,
                    class: Tint.cssClass(value.value),
                    opacity: Tint.strength(value, scale: scale) * Tint.heatOpacity, radius: 3)
                if let color = matchOf.firstIndex(where: { $0.contains(player) }) {
                    drawing.rect(
                        x: place.x + 4, y: place.y + place.height - 4, width: place.width - 8, height: 3,
                        class: "r\(color)", radius: 1.5)
                }
                drawing.text(
                    MatchPicture.Side.text(of: words[player], in: caption), x: place.x + place.width / 2,
                    y: place.y + place.height * 0.68, size: wordSize, class: "word ink", anchor: .middle)
            }
        case .vector(let name):
            for (line, text) in wrapped(name, size: 15, width: width).enumerated() {
                drawing.text(text, x: x, y: y + 24 + 20 * Double(line), size: 15, class: "soft")
            }
        }
    }

    private func drawArcs(_ left: [Place], _ right: [Place], texts: Bool, into drawing: inout Drawing) {
        let pairs = report.shown.prefix(texts ? report.topK : Self.fewArcs)
        let scale = report.pairScale
        guard scale > 0, !right.isEmpty else { return }
        drawing.append("<g class=\"arcs\">")
        for pair in pairs.reversed() {
            let (a, b) = (left[pair.a], right[pair.b - report.picture.first.count])
            let size = abs(pair.measured.value) / scale
            let d: String
            if texts {
                let (x1, y1, x2, y2) = (a.x + a.width / 2, a.y + a.height, b.x + b.width / 2, b.y)
                let reach = (y2 - y1) * 0.5
                d = "M\(px(x1)) \(px(y1))C\(px(x1)) \(px(y1 + reach)) \(px(x2)) \(px(y2 - reach)) \(px(x2)) \(px(y2))"
            } else {
                let (x1, y1) = (a.x + a.width / 2, a.y + a.height / 2)
                let (x2, y2) = (b.x + b.width / 2, b.y + b.height / 2)
                let lift = (x2 - x1) * 0.12
                d = "M\(px(x1)) \(px(y1))Q\(px((x1 + x2) / 2)) \(px((y1 + y2) / 2 - lift)) \(px(x2)) \(px(y2))"
            }
            let stroke = (isNarrow ? 0.8 : 1.2) + (isNarrow ? 2 : 4) * size
            drawing.group(title: "\(report.name(pair)): \(report.text(pair)) \(report.picture.unit)") {
                $0.path(d, class: "casing", width: stroke + 2, opacity: 0.6)
                $0.path(
                    d, class: Tint.cssClass(pair.measured.value) + "s", width: stroke,
                    opacity: 0.3 + 0.65 * pair.measured.confidence)
            }
        }
        drawing.append("</g>")
    }

    /// What the page's script fills and listens to.
    private func drawTouch(_ index: Int, _ places: [Place], into drawing: inout Drawing) {
        for (player, place) in places.enumerated() {
            drawing.append(
                "<rect class=\"touch\" data-side=\"\(index)\" data-player=\"\(player)\" tabindex=\"0\" x=\"\(px(place.x))\" y=\"\(px(place.y))\" "
                    + "width=\"\(px(place.width))\" height=\"\(px(place.height))\" fill-opacity=\"0\"><title>\(side(index).name(player).escaped)</title></rect>"
            )
        }
    }

    static func imageID(_ side: Int) -> String { side == 0 ? "a" : "b" }

    /// The images that the figure refers to.
    static func definitions(_ picture: MatchPicture) -> String {
        [picture.first, picture.second].enumerated().map { index, side in
            guard case .image(_, let image, _) = side else { return "" }
            return image.definition(id: imageID(index))
        }.joined()
    }
}

extension MatchPicture.Side {
    var isText: Bool { if case .text = self { true } else { false } }
}
