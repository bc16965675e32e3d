import ShownText

/// The change of each patch's reading, b − a, over the image of a.
struct DifferenceMap {
    var report: Report
    var differences: [Measured]
    var scale: Double
    var id: String
    var width: Double

    func figure() -> Figure {
        let frame = ImageFrame(report.picture, id: id, x: 0, y: 0, width: min(width, 360), maxHeight: 460)
        var drawing = Drawing()
        frame.drawImage(into: &drawing)
        drawing.group("transform=\"\(frame.transform)\" shape-rendering=\"crispEdges\"") {
            let patches = report.picture.patches
            $0.append(
                HeatMarkup(
                    boxes: patches.boxes, values: differences, scale: scale,
                    columns: patches.formGrid ? patches.columns : nil
                ).markup())
        }
        let legend = Legend(title: "patch, b \(NumberText.minus) a, logits", scale: scale, errors: report.hasErrors)
        legend.draw(x: 0, y: frame.height + 12, width: min(frame.width, 300), into: &drawing)
        return Figure(width: width, height: frame.height + 12 + legend.height, markup: drawing.markup)
    }
}
