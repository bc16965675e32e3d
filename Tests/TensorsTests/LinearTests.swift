import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Linear layers", .timeLimit(.minutes(10)))
struct LinearTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var inputs: Int, outputs: Int, rows: Int
        var testDescription: String { "[\(rows), \(inputs)] x [\(inputs), \(outputs)]" }
    }

    static let cases = [
        Case(inputs: 96, outputs: 288, rows: 10), Case(inputs: 48, outputs: 56, rows: 3),
        Case(inputs: 768, outputs: 192, rows: 50),
        Case(inputs: 33, outputs: 17, rows: 1), Case(inputs: 1200, outputs: 72, rows: 9),
        Case(inputs: 64, outputs: 64, rows: 530),
    ]

    /// The product in double precision.
    static func reference(_ x: [Float], _ w: [Float], _ b: [Float]?, _ c: Case, _ f: (Double) -> Double = { $0 })
        -> [Double]
    {
        var y = [Double](repeating: 0, count: c.rows * c.outputs)
        for r in 0..<c.rows {
            for o in 0..<c.outputs {
                var sum = Double(b?[o] ?? 0)
                for i in 0..<c.inputs { sum += Double(x[r * c.inputs + i]) * Double(w[o * c.inputs + i]) }
                y[r * c.outputs + o] = f(sum)
            }
        }
        return y
    }

    static let activations: [(Activation, @Sendable (Double) -> Double)] = [
        (.none, { $0 }),
        (.quickGELU, { $0 / (1 + exp(-1.702 * $0)) }),
        (.gelu, { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }),
        (.geluTanh, { $0 * 0.5 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }),
    ]

    /// The largest error, as a share of the root mean square of what is expected.
    static func error(_ found: [Float], _ expected: [Double]) -> Double {
        let scale = (expected.reduce(0) { $0 + $1 * $1 } / Double(expected.count)).squareRoot()
        return zip(found, expected).map { abs(Double($0) - $1) }.max()! / scale
    }

    func run(_ c: Case, format: RowFormat, tolerance: Double) throws {
        var random = SeededGenerator(seed: 7)
        let w = random.floats(c.outputs * c.inputs)
        let b = random.floats(c.outputs)
        let x = random.floats(c.rows * c.inputs)
        let context = try ComputeContext()
        context.useCallingThreadOnly()
        let plain = Rows(capacity: c.rows, columns: c.inputs)
        plain.copyRows(count: c.rows, of: x)
        let source = Rows(format, capacity: c.rows, columns: c.inputs)
        context.convert(plain, rows: c.rows, into: source)
        let result = Rows(capacity: c.rows, columns: c.outputs)
        for bias in [nil, b] {
            let linear = try Linear(weights: w, bias: bias, outputs: c.outputs, inputs: c.inputs, format: format)
            for (activation, f) in Self.activations {
                try context.apply(linear, to: source, rows: c.rows, activation: activation, into: result)
                #expect(Self.error(result.array(rows: c.rows), Self.reference(x, w, bias, c, f)) < tolerance)
            }
            let residual = random.floats(c.rows * c.outputs)
            result.copyRows(count: c.rows, of: residual)
            try context.apply(linear, to: source, rows: c.rows, addingTo: result)
            let expected = zip(Self.reference(x, w, bias, c), residual).map { $0 + Double($1) }
            #expect(Self.error(result.array(rows: c.rows), expected) < tolerance)
        }
    }

    @Test("f32 products with bias, activation and residual agree with double precision", arguments: cases)
    func f32(_ c: Case) throws { try run(c, format: .f32, tolerance: 1e-5) }

    @Test("bf16 products agree within bf16's rounding", arguments: cases)
    func bf16(_ c: Case) throws { try run(c, format: .bf16, tolerance: 0.03) }

    @Test("8-bit products agree within 8-bit rounding", arguments: cases)
    func int8(_ c: Case) throws { try run(c, format: .u8, tolerance: 0.06) }

    @Test("Sums of the largest integers do not overflow", arguments: [(3072, 9), (4096, 16), (7, 3)])
    func largestIntegers(_ inputs: Int, _ outputs: Int) throws {
        // The same sign everywhere, at both ends of the 8-bit range.
        let context = try ComputeContext()
        context.useCallingThreadOnly()
        for sign in [Float(1), -1] {
            let linear = try Linear(
                weights: [Float](repeating: sign * 0.25, count: outputs * inputs), bias: nil, outputs: outputs,
                inputs: inputs,
                format: .u8)
            let plain = Rows(capacity: 2, columns: inputs)
            let source = Rows(.u8, capacity: 2, columns: inputs)
            plain.copyRows(count: 2, of: [Float](repeating: 3, count: inputs) + [Float](repeating: -3, count: inputs))
            context.convert(plain, rows: 2, into: source)
            let result = Rows(capacity: 2, columns: outputs)
            try context.apply(linear, to: source, rows: 2, into: result)
            let expected = sign * 0.75 * Float(inputs)
            for (found, expected) in zip(
                result.array(rows: 2),
                [Float](repeating: expected, count: outputs) + [Float](repeating: -expected, count: outputs))
            {
                #expect(abs(found - expected) < 0.001 * abs(expected))
            }
        }
    }

    @Test("Weights that are not finite are refused for 8-bit products; tiny ones are zeros")
    func unusualWeights() throws {
        #expect { try Linear(weights: [1, .nan, 0, 0], bias: nil, outputs: 2, inputs: 2, format: .u8) } throws: {
            "\($0)".contains("not finite")
        }
        let tiny = Float(bitPattern: 71_362)  // 1e-40
        let linear = try Linear(weights: [tiny, -tiny, 1, 2], bias: nil, outputs: 2, inputs: 2, format: .u8)
        let context = try ComputeContext()
        let plain = Rows(capacity: 1, columns: 2)
        let source = Rows(.u8, capacity: 1, columns: 2)
        let result = Rows(capacity: 1, columns: 2)
        plain.copyRows(count: 1, of: [1, 1])
        context.convert(plain, rows: 1, into: source)
        try context.apply(linear, to: source, rows: 1, into: result)
        let values = result.array(rows: 1)
        #expect(values[0] == 0 && abs(values[1] - 3) < 0.05)
    }

    @Test(
        "A row's result is the same bits however many rows are computed with it",
        arguments: [RowFormat.f32, .bf16, .u8])
    func rowsAreIndependent(_ format: RowFormat) throws {
        for (inputs, outputs) in [(768, 768), (48, 144), (3072, 192), (100, 33)] {
            var random = SeededGenerator(seed: 3)
            let rows = 430
            let linear = try Linear(
                weights: random.floats(outputs * inputs), bias: random.floats(outputs), outputs: outputs,
                inputs: inputs,
                format: format)
            let context = try ComputeContext()
            context.useCallingThreadOnly()
            let plain = Rows(capacity: rows, columns: inputs)
            let source = Rows(format, capacity: rows, columns: inputs)
            plain.copyRows(count: rows, of: random.floats(rows * inputs))
            context.convert(plain, rows: rows, into: source)
            let result = Rows(capacity: rows, columns: outputs)
            try context.apply(linear, to: source, rows: rows, activation: .gelu, into: result)
            let whole = result.array(rows: rows)
            for n in [1, 2, 3, 5, 8, 13, 16, 21, 32, 49, 50, 64, 99, 128, 149, 203, 204, 205, 400, 429] {
                try context.apply(linear, to: source, rows: n, activation: .gelu, into: result)
                let same = result.array(rows: n) == Array(whole[0..<n * outputs])
                #expect(same, "\(inputs) x \(outputs), \(n) rows")
            }
        }
    }
}
