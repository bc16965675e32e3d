/// Position embeddings of the patches of a grid.
package struct PositionTable {
    /// `[rows, columns of the grid, columns]`
    let values: [Float]
    let grid: PatchGrid
    /// Numbers per position.
    let columns: Int

    package init(values: [Float], grid: PatchGrid, columns: Int) {
        self.values = values
        self.grid = grid
        self.columns = columns
    }

    /// Resized to another grid, bilinearly, and averaged where that is coarser: PyTorch's `interpolate` with
    /// `antialias=True` and `align_corners=False`, in double precision.
    package func resized(to target: PatchGrid) -> [Float] {
        guard target != grid else { return values }
        let across = AxisShares.all(from: grid.columns, to: target.columns)
        let down = AxisShares.all(from: grid.rows, to: target.rows)
        var narrowed = [Double](repeating: 0, count: grid.rows * target.columns * columns)
        for row in 0..<grid.rows {
            for (column, shares) in across.enumerated() {
                let place = (row * target.columns + column) * columns
                for (offset, share) in shares.weights.enumerated() {
                    let source = (row * grid.columns + shares.first + offset) * columns
                    for i in 0..<columns { narrowed[place + i] += share * Double(values[source + i]) }
                }
            }
        }
        var result = [Float](repeating: 0, count: target.count * columns)
        var line = [Double](repeating: 0, count: target.columns * columns)
        for (row, shares) in down.enumerated() {
            for i in line.indices { line[i] = 0 }
            for (offset, share) in shares.weights.enumerated() {
                let source = (shares.first + offset) * line.count
                for i in line.indices { line[i] += share * narrowed[source + i] }
            }
            for i in line.indices { result[row * line.count + i] = Float(line[i]) }
        }
        return result
    }
}

/// Which places of an axis count for one place of the resized axis, and how much; the shares add up to 1.
private struct AxisShares {
    let first: Int
    let weights: [Double]

    static func all(from size: Int, to target: Int) -> [AxisShares] {
        let scale = Double(size) / Double(target)
        let support = max(scale, 1)
        return (0..<target).map { place in
            let center = scale * (Double(place) + 0.5)
            let first = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), size)
            let weights = (first..<end).map { max(0, 1 - abs((Double($0) - center + 0.5) / support)) }
            let total = weights.reduce(0, +)
            return AxisShares(first: first, weights: weights.map { $0 / total })
        }
    }
}
