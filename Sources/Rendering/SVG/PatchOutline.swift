/// Paths around patches, in source pixels.
enum PatchOutline {
    static func path(of box: Picture.Box) -> String {
        let (width, height) = (box.x1 - box.x0, box.y1 - box.y0)
        return "M\(px(box.x0)) \(px(box.y0))h\(px(width))v\(px(height))h\(px(-width))z"
    }

    /// The edges between patches of a set and what is not in it, so that neighbours share one outline.
    /// - Parameter columns: how many columns the boxes form, in rows of that many.
    static func path(around patches: [Int], boxes: [Picture.Box], columns: Int) -> String {
        let inside = Set(patches)
        func isInside(_ patch: Int, _ rows: Int, _ steps: Int) -> Bool {
            let column = patch % columns + steps
            return column >= 0 && column < columns && inside.contains(patch + rows * columns + steps)
        }
        return patches.map { patch in
            let box = boxes[patch]
            var d = ""
            if !isInside(patch, -1, 0) { d += "M\(px(box.x0)) \(px(box.y0))H\(px(box.x1))" }
            if !isInside(patch, 1, 0) { d += "M\(px(box.x0)) \(px(box.y1))H\(px(box.x1))" }
            if !isInside(patch, 0, -1) { d += "M\(px(box.x0)) \(px(box.y0))V\(px(box.y1))" }
            if !isInside(patch, 0, 1) { d += "M\(px(box.x1)) \(px(box.y0))V\(px(box.y1))" }
            return d
        }.joined()
    }

    /// Patches of a set in pieces of neighbours, the largest first.
    static func pieces(of patches: [Int], columns: Int) -> [[Int]] {
        var left = Set(patches)
        var pieces: [[Int]] = []
        for start in patches where left.remove(start) != nil {
            var piece: [Int] = []
            var waiting = [start]
            while let patch = waiting.popLast() {
                piece.append(patch)
                let column = patch % columns
                for (step, fits) in [
                    (-columns, true), (columns, true), (-1, column > 0), (1, column < columns - 1),
                ] where fits && left.remove(patch + step) != nil { waiting.append(patch + step) }
            }
            pieces.append(piece.sorted())
        }
        return pieces.sorted { $0.count != $1.count ? $0.count > $1.count : $0[0] < $1[0] }
    }
}
