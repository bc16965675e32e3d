/// A layer that is read as a part of a wider one.
struct LinearPart {
    /// Its tensors' name, without `.weight`.
    let name: String
    /// What its weights and bias are multiplied by.
    var scale: Float = 1
    /// Whether it has a bias; without one it has zeros for it.
    var hasBias = true
    /// The width of heads whose outputs are turned in pairs of neighbours. They are stored as first halves and second
    /// halves of pairs, which a product of queries with keys does not tell apart, so that turning them runs over
    /// neighbouring columns.
    var pairedHeads: Int?

    /// Rows `[heads × width, columns]`, of each head the even ones and then the odd ones.
    static func separatePairs(_ values: UnsafeMutableBufferPointer<Float>, width: Int, columns: Int) {
        var head = [Float](repeating: 0, count: width * columns)
        for start in stride(from: 0, to: values.count, by: width * columns) {
            for i in head.indices { head[i] = values[start + i] }
            for row in 0..<width {
                let source = row < width / 2 ? 2 * row : 2 * (row - width / 2) + 1
                for column in 0..<columns { values[start + row * columns + column] = head[source * columns + column] }
            }
        }
    }
}
