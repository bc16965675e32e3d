import Foundation

/// Values over patches as paths in source pixels. The photo stays a photo: patches without a value lie under a veil of
/// the page's colour, patches with one come through it, tinted by its sign, and the strongest are outlined.
///
/// Patches of like strength share a path, so that a map of hundreds of patches stays small, and a page defines each map
/// once and refers to it.
package struct HeatMarkup {
    var boxes: [Picture.Box]
    var values: [Measured]
    var scale: Double
    /// How many columns the boxes form, in rows of that many; nil where they form no grid.
    var columns: Int?
    /// Whether the strongest patches are outlined and the others veiled; regions of words may lie above instead.
    var standsAlone = true

    /// Opacity in this many steps.
    private static let steps = 40.0
    /// From this strength on a patch is outlined.
    static let leastOutlined = 0.4
    /// How fast the veil thins with the strength of what lies under it.
    package static let veilExponent = 1.5

    func markup() -> String { (standsAlone ? veil() : "") + tints() + outlines() }

    private func veil() -> String {
        var paths: [Int: String] = [:]
        for (box, measured) in zip(boxes, values) {
            let step = Int((pow(1 - Tint.strength(measured, scale: scale), Self.veilExponent) * Self.steps).rounded())
            if step > 0 { paths[step, default: ""] += PatchOutline.path(of: box) }
        }
        return paths.sorted { $0.key < $1.key }.map { step, d in
            "<path class=\"paper\" fill-opacity=\"\(px(Double(step) / Self.steps * Tint.veilOpacity))\" d=\"\(d)\"/>"
        }.joined()
    }

    private func outlines() -> String {
        guard let columns, standsAlone, !values.isEmpty else { return "" }
        return [(-1.0, "ns"), (1.0, "ps")].map { sign, name in
            let strong = boxes.indices.filter {
                values[$0].value * sign > 0 && Tint.strength(values[$0], scale: scale) >= Self.leastOutlined
            }
            let d = PatchOutline.path(around: strong, boxes: boxes, columns: columns)
            guard !d.isEmpty else { return "" }
            return "<path class=\"casing\" stroke-width=\"3.5\" vector-effect=\"non-scaling-stroke\" d=\"\(d)\"/>"
                + "<path class=\"\(name)\" stroke-width=\"1.75\" vector-effect=\"non-scaling-stroke\" d=\"\(d)\"/>"
        }.joined()
    }

    private func tints() -> String {
        var paths: [Int: String] = [:]
        for (box, measured) in zip(boxes, values) {
            let step = Int((Tint.strength(measured, scale: scale) * Self.steps).rounded())
            guard step > 0 else { continue }
            paths[measured.value < 0 ? -step : step, default: ""] += PatchOutline.path(of: box)
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
            sharedImage.map { !picture.image.isDrawable ? "" : "<use id=\"\(id)-image\" href=\"#\($0)-image\"/>" }
            ?? picture.image.definition(id: id)
        let maps = (report.isCompact ? [] : report.maps).map { word -> String in
            let values = picture.patchPlayers.map { picture.pair($0, word) }
            return group(
                Self.mapID(id, word: word - picture.patchCount), values, scale: report.scales.crossPair,
                standsAlone: true)
        }
        let heat = group(
            Self.heatID(id), report.heat, scale: report.heatScale, standsAlone: report.regions.isEmpty)
        return image + heat + maps.joined()
    }

    private func group(_ id: String, _ values: [Measured], scale: Double, standsAlone: Bool) -> String {
        let patches = report.picture.patches
        if report.map == .smooth, patches.formGrid, !values.isEmpty,
            let field = SmoothHeat(
                boxes: patches.boxes, values: values, scale: scale, columns: patches.columns, id: id,
                standsAlone: standsAlone
            ).markup()
        {
            return "<g id=\"\(id)\">\(field)</g>"
        }
        let content = HeatMarkup(
            boxes: patches.boxes, values: values, scale: scale, columns: patches.formGrid ? patches.columns : nil,
            standsAlone: standsAlone
        ).markup()
        return "<g id=\"\(id)\" shape-rendering=\"crispEdges\">\(content)</g>"
    }
}
