/// Closed lines around sets of patches of a grid, a little inside the patches' edges and with round corners, so that
/// the lines of two sets side by side stay apart.
package struct RoundedOutline {
    /// Rows of `columns` boxes that share their edges.
    var boxes: [Picture.Box]
    var columns: Int
    /// How far inside the edges the line runs, in the boxes' unit.
    var inset: Double

    package init(boxes: [Picture.Box], columns: Int, inset: Double) {
        self.boxes = boxes
        self.columns = columns
        self.inset = inset
    }

    /// A corner of patches, counted from the grid's own corner.
    private struct Corner: Hashable {
        var row: Int
        var column: Int

        static func - (a: Corner, b: Corner) -> Corner { Corner(row: a.row - b.row, column: a.column - b.column) }
    }

    private var rows: Int { boxes.count / columns }

    /// Path data with one closed line for each edge of the set, those of holes too.
    package func path(around patches: [Int]) -> String {
        loops(around: Set(patches)).map(rounded).joined()
    }

    /// The set's edges joined to loops, the set on the right of the way.
    private func loops(around inside: Set<Int>) -> [[Corner]] {
        func isInside(_ row: Int, _ column: Int) -> Bool {
            row >= 0 && row < rows && column >= 0 && column < columns && inside.contains(row * columns + column)
        }
        var edges: [(from: Corner, to: Corner)] = []
        for patch in inside.sorted() {
            let (row, column) = (patch / columns, patch % columns)
            let corners = [(0, 0), (0, 1), (1, 1), (1, 0)].map { Corner(row: row + $0.0, column: column + $0.1) }
            let neighbours = [(-1, 0), (0, 1), (1, 0), (0, -1)]
            for (side, step) in neighbours.enumerated() where !isInside(row + step.0, column + step.1) {
                edges.append((corners[side], corners[(side + 1) % 4]))
            }
        }
        var leaving = Dictionary(grouping: edges.map { $0 }, by: \.from).mapValues { $0.map(\.to) }
        return edges.compactMap { edge -> [Corner]? in
            guard take(edge.to, from: edge.from, &leaving) else { return nil }
            var loop = [edge.from, edge.to]
            while let here = loop.last, here != edge.from {
                let way = here - loop[loop.count - 2]
                // Where two patches meet at a corner only, the turn to the right stays with the patch at hand.
                let right = Corner(row: way.column, column: -way.row)
                let choices = leaving[here] ?? []
                guard let next = choices.first(where: { $0 - here == right }) ?? choices.first,
                    take(next, from: here, &leaving)
                else { break }
                loop.append(next)
            }
            return Array(loop.dropLast())
        }
    }

    private func take(_ end: Corner, from start: Corner, _ leaving: inout [Corner: [Corner]]) -> Bool {
        guard let place = leaving[start]?.firstIndex(of: end) else { return false }
        leaving[start]?.remove(at: place)
        return true
    }

    /// A loop with its corners moved inwards and rounded.
    private func rounded(_ loop: [Corner]) -> String {
        guard let first = boxes.first else { return "" }
        let radius = 0.3 * min(first.x1 - first.x0, first.y1 - first.y0)
        var d = ""
        for (place, here) in loop.enumerated() {
            let came = here - loop[(place + loop.count - 1) % loop.count]
            let goes = loop[(place + 1) % loop.count] - here
            guard came != goes else { continue }
            let (x, y) = (
                self.x(here.column) - inset * Double(came.row + goes.row),
                self.y(here.row) + inset * Double(came.column + goes.column)
            )
            let before = (x: x - radius * Double(came.column), y: y - radius * Double(came.row))
            let after = (x: x + radius * Double(goes.column), y: y + radius * Double(goes.row))
            d +=
                "\(d.isEmpty ? "M" : "L")\(px(before.x)) \(px(before.y))Q\(px(x)) \(px(y)) \(px(after.x)) \(px(after.y))"
        }
        return d.isEmpty ? "" : d + "z"
    }

    private func x(_ column: Int) -> Double {
        column < columns ? boxes[column].x0 : boxes[columns - 1].x1
    }

    private func y(_ row: Int) -> Double {
        row < rows ? boxes[row * columns].y0 : boxes[boxes.count - 1].y1
    }
}
