import Foundation

/// Values over a grid of patches as a field that flows from centre to centre: three small grey pictures that browsers
/// and librsvg scale smoothly, as masks of the veil and the two tints, so that colours stay the stylesheet's.
package struct SmoothHeat {
    /// Rows of `columns` patches.
    var boxes: [Picture.Box]
    var values: [Measured]
    var scale: Double
    var columns: Int
    /// Prefix of the masks' ids.
    var id: String
    /// Whether what is weak lies under a veil; regions of words may lie above instead.
    var standsAlone: Bool

    package init(
        boxes: [Picture.Box], values: [Measured], scale: Double, columns: Int, id: String, standsAlone: Bool = true
    ) {
        self.standsAlone = standsAlone
        self.boxes = boxes
        self.values = values
        self.scale = scale
        self.columns = columns
        self.id = id
    }

    /// Samples along the longer side, about.
    private static let samples = 40

    private var rows: Int { boxes.count / columns }

    /// Nil where there is nothing to draw over.
    package func markup() -> String? {
        guard columns > 0, rows > 0, boxes.count == rows * columns, values.count == boxes.count else { return nil }
        let factor = max(1, (Self.samples + max(rows, columns) - 1) / max(rows, columns))
        let field = self.field(rows: rows * factor, columns: columns * factor)
        let layers = [
            (
                "v", "paper",
                field.map { !standsAlone ? 0 : pow(1 - abs($0), HeatMarkup.veilExponent) * Tint.veilOpacity }
            ),
            ("p", "p", field.map { max(0, $0) * Tint.heatOpacity }),
            ("n", "n", field.map { max(0, -$0) * Tint.heatOpacity }),
        ]
        return layers.map { name, style, opacities in
            let grey = opacities.map { UInt8((max(0, min(1, $0)) * 255).rounded()) }
            return layer(name, class: style, grey: grey, columns: columns * factor, rows: rows * factor)
        }.joined()
    }

    private func layer(_ name: String, class style: String, grey: [UInt8], columns: Int, rows: Int) -> String {
        guard grey.contains(where: { $0 > 0 }), let first = boxes.first, let last = boxes.last else { return "" }
        let (width, height) = (last.x1 - first.x0, last.y1 - first.y0)
        let place = "x=\"\(px(first.x0))\" y=\"\(px(first.y0))\" width=\"\(px(width))\" height=\"\(px(height))\""
        let picture = Base64.encode(StoredPNG.encode(grey: grey, columns: columns, rows: rows))
        return "<mask id=\"\(id)-\(name)\" maskUnits=\"userSpaceOnUse\" \(place)><image \(place) "
            + "preserveAspectRatio=\"none\" href=\"data:image/png;base64,\(picture)\"/></mask>"
            + "<rect \(place) class=\"\(style)\" mask=\"url(#\(id)-\(name))\"/>"
    }

    /// Strengths from −1 to 1, row-major. Between the centres of four patches a value changes slowly at first: no
    /// patch is larger or smaller than its own value at its centre.
    private func field(rows: Int, columns: Int) -> [Double] {
        let strengths = values.map { (measured: Measured) -> Double in
            let strength = Tint.strength(measured, scale: scale)
            return measured.value < 0 ? -strength : strength
        }
        let across = weights(of: columns, between: self.columns)
        let down = weights(of: rows, between: self.rows)
        return down.flatMap { y in
            across.map { x in
                func row(_ row: Int) -> Double {
                    let start = row * self.columns
                    return strengths[start + x.first] * (1 - x.share) + strengths[start + x.second] * x.share
                }
                return row(y.first) * (1 - y.share) + row(y.second) * y.share
            }
        }
    }

    /// For each of `count` samples the two of `cells` cells it lies between, and the second one's share.
    private func weights(of count: Int, between cells: Int) -> [(first: Int, second: Int, share: Double)] {
        (0..<count).map { sample in
            let position = (Double(sample) + 0.5) / Double(count) * Double(cells) - 0.5
            let first = max(0, min(cells - 1, Int(position.rounded(.down))))
            let t = max(0, min(1, position - Double(first)))
            return (first, min(cells - 1, first + 1), t * t * (3 - 2 * t))
        }
    }
}
