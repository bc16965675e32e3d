import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Rotary positions and gates", .timeLimit(.minutes(10)))
struct RotationTests {
    func filled(_ values: [Float], columns: Int) -> Rows {
        let rows = Rows(capacity: values.count / columns, columns: columns)
        rows.copyRows(count: values.count / columns, of: values)
        return rows
    }

    @Test("Pairs of a head's halves are turned by the angles of the row's place", arguments: [4, 16, 24, 64, 72])
    func turned(width: Int) throws {
        var random = SeededGenerator(seed: 2)
        let (heads, columns, half) = (3, 3 * width + 5, width / 2)
        let angles = random.floats(4 * half, in: -9...9).map(Double.init)
        let rotation = Rotation(angles: angles, width: width, cosine: cos, sine: sin)
        let x = random.floats(6 * columns)
        let places: [Int32] = [3, -1, 0, 1, 1, 2]
        let rows = filled(x, columns: columns)
        try ComputeContext().rotate(rows, rows: 5, heads: heads, by: rotation, places: places)
        for (row, place) in places.enumerated() {
            for column in 0..<columns {
                let at = row * columns + column
                let inHead = column % width
                guard row < 5, place >= 0, column < heads * width else {
                    #expect(rows.floats[at] == x[at])
                    continue
                }
                let angle = angles[Int(place) * half + inHead % half]
                let expected =
                    inHead < half
                    ? Double(x[at]) * cos(angle) - Double(x[at + half]) * sin(angle)
                    : Double(x[at]) * cos(angle) + Double(x[at - half]) * sin(angle)
                #expect(abs(Double(rows.floats[at]) - expected) < 1e-6)
            }
        }
    }

    @Test("Turning keeps what depends on the difference of two places alone")
    func relative() throws {
        var random = SeededGenerator(seed: 3)
        let width = 16
        // One band, so that place p is turned by p times an angle.
        let angles = (0..<6).flatMap { place in (0..<width / 2).map { Double(place) * 0.3 * Double($0 + 1) } }
        let rotation = Rotation(angles: angles, width: width, cosine: cos, sine: sin)
        let (query, key) = (random.floats(width), random.floats(width))
        func product(_ first: Int32, _ second: Int32) throws -> Float {
            let rows = filled(query + key, columns: width)
            try ComputeContext().rotate(rows, rows: 2, heads: 1, by: rotation, places: [first, second])
            return (0..<width).reduce(0) { $0 + rows.floats[$1] * rows.floats[width + $1] }
        }
        #expect(try abs(product(1, 3) - product(3, 5)) < 1e-5)
        #expect(try abs(product(1, 3) - product(3, 1)) > 1e-3)
    }

    @Test("A gate is g · σ(g) · x", arguments: [1, 16, 48, 85])
    func gated(columns: Int) throws {
        var random = SeededGenerator(seed: 4)
        let source = random.floats(3 * 2 * columns, in: -20...20)
        let result = Rows(capacity: 3, columns: columns)
        try ComputeContext().gate(filled(source, columns: 2 * columns), rows: 3, into: result)
        for row in 0..<3 {
            for column in 0..<columns {
                let g = Double(source[2 * row * columns + column])
                let x = Double(source[(2 * row + 1) * columns + column])
                let expected = g / (1 + exp(-g)) * x
                #expect(abs(Double(result.floats[row * columns + column]) - expected) < 1e-5 * max(1, abs(expected)))
            }
        }
    }

    @Test("A team gives the same bits")
    func shared() throws {
        var random = SeededGenerator(seed: 5)
        let (rows, width, heads) = (400, 64, 24)
        let rotation = Rotation(
            angles: random.floats(rows * width / 2, in: -9...9).map(Double.init), width: width, cosine: cos, sine: sin)
        let values = random.floats(rows * heads * width)
        func turned(_ context: ComputeContext) -> [Float] {
            let target = filled(values, columns: heads * width)
            let gated = Rows(capacity: rows, columns: heads * width / 2)
            context.rotate(target, rows: rows, heads: heads, by: rotation, places: (0..<rows).map { Int32($0) })
            context.gate(target, rows: rows, into: gated)
            return target.array(rows: rows) + gated.array(rows: rows)
        }
        let alone = turned(try ComputeContext())
        try ComputeTeamTests.withTeam(2) { #expect(turned($0) == alone) }
    }
}
