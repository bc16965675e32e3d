import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Row operations", .timeLimit(.minutes(10)))
struct RowOperationTests {
    func filled(_ values: [Float], columns: Int) -> Rows {
        let rows = Rows(capacity: values.count / columns, columns: columns)
        rows.copyRows(count: values.count / columns, of: values)
        return rows
    }

    @Test("Layer normalisation agrees with double precision", arguments: [48, 56, 768, 1, 17])
    func layerNorm(columns: Int) throws {
        var random = SeededGenerator(seed: 1)
        let rows = 7
        let x = random.floats(rows * columns, in: -3...5)
        let norm = LayerNorm(weight: random.floats(columns), bias: random.floats(columns), epsilon: 1e-5)
        let result = Rows(capacity: rows, columns: columns)
        try ComputeContext().layerNorm(norm, filled(x, columns: columns), rows: rows, into: result)
        for r in 0..<rows {
            let row = x[r * columns..<(r + 1) * columns].map(Double.init)
            let mean = row.reduce(0, +) / Double(columns)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
            for c in 0..<columns {
                let expected =
                    (row[c] - mean) / (variance + 1e-5).squareRoot() * Double(norm.weight[c]) + Double(norm.bias[c])
                #expect(abs(Double(result.floats[r * columns + c]) - expected) < 2e-6)
            }
        }
    }

    struct Shape: Sendable, CustomTestStringConvertible {
        var queries: Int, keys: Int, heads: Int, width: Int
        var testDescription: String { "\(queries) queries, \(keys) keys, \(heads) heads of \(width)" }
    }

    static let shapes = [
        Shape(queries: 50, keys: 50, heads: 2, width: 64), Shape(queries: 1, keys: 10, heads: 6, width: 16),
        Shape(queries: 77, keys: 77, heads: 3, width: 24), Shape(queries: 197, keys: 197, heads: 1, width: 72),
        Shape(queries: 3, keys: 1, heads: 2, width: 8),
    ]

    func reference(_ qkv: [Float], _ s: Shape, over keys: [Int]? = nil) -> [Double] {
        let hidden = s.heads * s.width
        let stride = 3 * hidden
        let keys = keys ?? Array(0..<s.keys)
        var out = [Double](repeating: 0, count: s.queries * hidden)
        for h in 0..<s.heads {
            for i in 0..<s.queries {
                var weights = keys.map { j in
                    (0..<s.width).reduce(0.0) {
                        $0 + Double(qkv[i * stride + h * s.width + $1])
                            * Double(qkv[j * stride + hidden + h * s.width + $1])
                    }
                }
                let top = weights.max()!
                weights = weights.map { exp($0 - top) }
                let total = weights.reduce(0, +)
                for c in 0..<s.width {
                    out[i * hidden + h * s.width + c] = zip(keys, weights).reduce(0.0) {
                        $0 + $1.1 / total * Double(qkv[$1.0 * stride + 2 * hidden + h * s.width + c])
                    }
                }
            }
        }
        return out
    }

    @Test("Attention agrees with double precision", arguments: shapes)
    func attention(_ s: Shape) throws {
        var random = SeededGenerator(seed: 11)
        let hidden = s.heads * s.width
        let rows = max(s.queries, s.keys)
        let values = random.floats(rows * 3 * hidden)
        let qkv = filled(values, columns: 3 * hidden)
        let result = Rows(capacity: s.queries, columns: hidden)
        try ComputeContext().attention(
            q: RowPosition(qkv), queries: s.queries, k: RowPosition(qkv, column: hidden), v: 2 * hidden, keys: s.keys,
            heads: s.heads, width: s.width, into: result, row: 0)
        for (found, expected) in zip(result.floats, reference(values, s)) {
            #expect(abs(Double(found) - expected) < 2e-6)
        }
    }

    @Test("Attention over chosen rows agrees with double precision", arguments: shapes)
    func attentionOverIndices(_ s: Shape) throws {
        var random = SeededGenerator(seed: 12)
        let hidden = s.heads * s.width
        let rows = max(s.queries, s.keys)
        let values = random.floats(rows * 3 * hidden)
        let qkv = filled(values, columns: 3 * hidden)
        let indices = (0..<s.keys).filter { $0 % 3 != 1 }
        let result = Rows(capacity: s.queries, columns: hidden)
        let context = try ComputeContext()
        for i in 0..<s.queries {
            try context.attention(
                q: RowPosition(qkv, row: i), keyValues: qkv, k: hidden, v: 2 * hidden,
                over: indices.map(Int32.init)[...],
                heads: s.heads, width: s.width, into: result, row: i)
        }
        for (found, expected) in zip(result.floats, reference(values, s, over: indices)) {
            #expect(abs(Double(found) - expected) < 2e-6)
        }
    }
}
