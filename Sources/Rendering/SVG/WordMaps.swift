import ShownText

/// Small multiples: the pairs of each word with every patch, all on one scale.
struct WordMaps {
    var report: Report
    var id: String
    var width: Double

    private var picture: Picture { report.picture }

    /// As many columns as fit, or fewer where that makes the rows equally long.
    private var columns: Int {
        let most = width < 620 ? 3 : max(4, min(8, Int((width + 18) / 126)))
        let rows = max(1, (report.maps.count + most - 1) / most)
        return max(width < 620 ? 3 : 4, (report.maps.count + rows - 1) / rows)
    }

    func figure() -> Figure {
        let columns = self.columns
        let gap = width < 620 ? 12.0 : 18.0
        let cell = (width - gap * Double(columns - 1)) / Double(columns)
        let size = width < 620 ? 13.0 : 15.0
        let imageHeight = ImageFrame(picture, id: id, x: 0, y: 0, width: cell, maxHeight: cell * 1.4).height
        let decimals = NumberText.decimals(for: report.scales.crossPair)
        var drawing = Drawing()
        for (index, player) in report.maps.enumerated() {
            let x = (cell + gap) * Double(index % columns)
            let y = (imageHeight + size + 34) * Double(index / columns)
            let values = picture.patchPlayers.map { picture.pair($0, player) }
            let strongest = values.enumerated().max { abs($0.element.value) < abs($1.element.value) }
            let frame = ImageFrame(picture, id: id, x: x, y: y + size + 6, width: cell, maxHeight: cell * 1.4)
            let label = strongest.map {
                "\(picture.longName(player)): strongest patch \(picture.longName($0.offset)), \(NumberText.signed($0.element.value, decimals: decimals)) logits"
            }
            drawing.group(title: label) {
                let name = TextWidth.fit(picture.wordNames[player - picture.patchCount], size: size, width: cell)
                $0.text(name, x: x, y: y + size, size: size, class: "word ink")
                frame.drawImage(into: &$0)
                frame.drawHeat(Definitions.mapID(id, word: player - picture.patchCount), into: &$0)
                guard let strongest, strongest.element.value != 0 else { return }
                $0.text(
                    NumberText.signed(strongest.element.value, decimals: decimals), x: x,
                    y: y + size + imageHeight + 21, size: 11,
                    class: Tint.textClass(strongest.element.value, decimals: decimals),
                    followedBy: ("at \(picture.shortName(strongest.offset))", "soft"))
            }
        }
        let rows = (report.maps.count + columns - 1) / columns
        let bottom = (imageHeight + size + 34) * Double(rows)
        let legend = Legend(
            title: "pair of \(picture.textKind.singular) and patch, logits", scale: report.scales.crossPair,
            errors: picture.estimate.pairErrors != nil)
        legend.draw(x: 0, y: bottom, width: min(300, width), into: &drawing)
        return Figure(width: width, height: bottom + legend.height, markup: drawing.markup)
    }
}
