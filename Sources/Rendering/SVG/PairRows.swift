/// A list of pairs: a small map of where, the names, a bar and the value with its error.
struct PairRows {
    var report: Report
    var id: String
    var width: Double

    private let rowHeight = 36.0
    private let cropSize = 30.0

    func figure(_ table: Report.PairTable) -> Figure {
        let narrow = width < 620
        let nameWidth = narrow ? width * 0.56 : min(width * 0.4, 340)
        let valueWidth = narrow ? 92.0 : 120.0
        let axis = BarAxis(values: table.pairs.map(\.measured), from: nameWidth + 20, to: width - valueWidth)
        var drawing = Drawing()
        for (row, pair) in table.pairs.enumerated() {
            let y = rowHeight * (Double(row) + 0.5)
            PatchLocator(picture: report.picture, id: id).draw(
                [pair.a, pair.b], x: 0, y: y - cropSize / 2, size: cropSize, into: &drawing)
            let full = report.name(of: pair)
            let nameX = PatchLocator.width(size: cropSize) + 10
            let fits = TextWidth.ems(full) * 13 <= nameWidth - nameX
            let name = TextWidth.fit(fits ? full : report.shortName(of: pair), size: 13, width: nameWidth - nameX)
            drawing.text(name, x: nameX, y: y + 4.5, size: 13)
            let value = pair.measured
            if !narrow { axis.draw(value, y: y, into: &drawing) }
            drawing.text(
                report.text(of: pair), x: width, y: y + 4.5, size: 12.5, class: value.value < 0 ? "nt" : "pt",
                anchor: .end)
        }
        return Figure(width: width, height: rowHeight * Double(table.pairs.count), markup: drawing.markup)
    }
}

/// What a pair's patches show: a piece of the image around each, the patch itself framed. Without an image, its outline
/// with the patches filled in.
struct PatchLocator {
    var picture: Picture
    /// Prefix of the image's definition.
    var id: String

    /// How much of the image is shown around a patch, in patches to each side.
    private static let surroundings = 0.75

    /// The width that pictures of two players take, `size` high.
    static func width(size: Double) -> Double { 2 * size + 4 }

    func draw(_ players: [Int], x: Double, y: Double, size: Double, into drawing: inout Drawing) {
        let patches = players.filter { !picture.isWord($0) }
        guard !patches.isEmpty else { return }
        if picture.image.isDrawable {
            for (place, patch) in patches.enumerated() {
                drawCrop(patch, x: x + Double(place) * (size + 4), y: y, size: size, into: &drawing)
            }
            return
        }
        let frame = ImageFrame(picture, id: "", x: x, y: y, width: size, maxHeight: size)
        drawing.rect(x: frame.x, y: frame.y, width: frame.width, height: frame.height, class: "empty")
        for player in players where !picture.isWord(player) {
            let box = frame.box(player)
            drawing.rect(x: box.x, y: box.y, width: max(2, box.width), height: max(2, box.height), class: "ink")
        }
    }

    private func drawCrop(_ patch: Int, x: Double, y: Double, size: Double, into drawing: inout Drawing) {
        let box = picture.patches.boxes[patch]
        let side = max(box.x1 - box.x0, box.y1 - box.y0) * (1 + 2 * Self.surroundings)
        let (left, top) = ((box.x0 + box.x1 - side) / 2, (box.y0 + box.y1 - side) / 2)
        let pixel = side / size
        drawing.append(
            "<svg class=\"crop\" x=\"\(px(x))\" y=\"\(px(y))\" width=\"\(px(size))\" height=\"\(px(size))\" "
                + "viewBox=\"\(px(left)) \(px(top)) \(px(side)) \(px(side))\"><use href=\"#\(id)-image\"/>"
                + "<path class=\"casing\" stroke-width=\"\(px(3 * pixel))\" d=\"\(PatchOutline.path(of: box))\"/>"
                + "<path class=\"outline\" stroke-width=\"\(px(pixel))\" d=\"\(PatchOutline.path(of: box))\"/></svg>"
        )
    }
}
