/// Values over patches as paths in source pixels: patches of like colour share a path, so that a map of
/// hundreds of patches stays small, and a page defines each map once and refers to it.
struct HeatMarkup {
    var boxes: [Picture.Box]
    var values: [Measured]
    var scale: Double

    /// Opacity in this many steps.
    private static let steps = 40.0

    func markup() -> String {
        var paths: [Int: String] = [:]
        for (box, measured) in zip(boxes, values) {
            let step = Int((Tint.strength(measured, scale: scale) * Self.steps).rounded())
            guard step > 0 else { continue }
            let (width, height) = (box.x1 - box.x0, box.y1 - box.y0)
            paths[measured.value < 0 ? -step : step, default: ""] +=
                "M\(px(box.x0)) \(px(box.y0))h\(px(width))v\(px(height))h\(px(-width))z"
        }
        return paths.sorted { $0.key < $1.key }.map { step, d in
            let opacity = Double(abs(step)) / Self.steps * Tint.heatOpacity
            return "<path class=\"\(step < 0 ? "n" : "p")\" fill-opacity=\"\(px(opacity))\" d=\"\(d)\"/>"
        }.joined()
    }
}

/// What the drawings of one report refer to: its image, its heat and the map of each word.
struct Definitions {
    var report: Report
    /// Prefix of the ids.
    var id: String
    /// The prefix under which the same image is defined already.
    var sharedImage: String?

    static func heatID(_ id: String) -> String { "\(id)-heat" }
    static func mapID(_ id: String, word: Int) -> String { "\(id)-map-\(word)" }

    func markup() -> String {
        let picture = report.picture
        let image =
            sharedImage.map { picture.image.dataURI == nil ? "" : "<use id=\"\(id)-image\" href=\"#\($0)-image\"/>" }
            ?? picture.image.definition(id: id)
        let hasMaps = report.view == .overview && picture.estimate.pairs != nil
        let maps = (hasMaps ? Array(picture.words.indices) : []).map { word -> String in
            let values = picture.patchPlayers.map { picture.pair($0, picture.patchCount + word) }
            return group(Self.mapID(id, word: word), values, scale: report.scales.crossPair)
        }
        return image + group(Self.heatID(id), report.heat, scale: report.heatScale) + maps.joined()
    }

    private func group(_ id: String, _ values: [Measured], scale: Double) -> String {
        let content = HeatMarkup(boxes: report.picture.patches.boxes, values: values, scale: scale).markup()
        return "<g id=\"\(id)\" shape-rendering=\"crispEdges\">\(content)</g>"
    }
}
