import Foundation
import Tensors
import Testing

@Suite("Linear layers")
struct LinearTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var inputs: Int, outputs: Int, rows: Int
        var testDescription: String { "[\(rows), \(inputs)] x [\(inputs), \(outputs)]" }
    }

    static let cases = [
        Case(inputs: 96, outputs: 288, rows: 10), Case(inputs: 48, outputs: 56, rows: 3), Case(inputs: 768, outputs: 192, rows: 50),
        Case(inputs: 33, outputs: 17, rows: 1), Case(inputs: 1200, outputs: 72, rows: 9), Case(inputs: 64, outputs: 64, rows: 530),
    ]

    /// The product in double precision.
    static func reference(_ x: [Float], _ w: [Float], _ b: [Float]?, _ c: Case, _ f: (Double) -> Double = { $0 }) -> [Double] {
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
        var random = RandomValues(seed: 7)
        let w = random.floats(c.outputs * c.inputs), b = random.floats(c.outputs), x = random.floats(c.rows * c.inputs)
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

    @Test("A row's result is the same bits however many rows are computed with it", arguments: [RowFormat.f32, .bf16, .u8])
    func rowsAreIndependent(_ format: RowFormat) throws {
        for (inputs, outputs) in [(768, 768), (48, 144), (3072, 192), (100, 33)] {
            var random = RandomValues(seed: 3)
            let rows = 150
            let linear = try Linear(
                weights: random.floats(outputs * inputs), bias: random.floats(outputs), outputs: outputs, inputs: inputs,
                format: format)
            let context = try ComputeContext()
            context.useCallingThreadOnly()
            let plain = Rows(capacity: rows, columns: inputs), source = Rows(format, capacity: rows, columns: inputs)
            plain.copyRows(count: rows, of: random.floats(rows * inputs))
            context.convert(plain, rows: rows, into: source)
            let result = Rows(capacity: rows, columns: outputs)
            try context.apply(linear, to: source, rows: rows, activation: .gelu, into: result)
            let whole = result.array(rows: rows)
            for n in [1, 2, 3, 5, 8, 13, 16, 21, 32, 49, 50, 64, 99, 128, 149] {
                try context.apply(linear, to: source, rows: n, activation: .gelu, into: result)
                let same = result.array(rows: n) == Array(whole[0..<n * outputs])
                #expect(same, "\(inputs) x \(outputs), \(n) rows")
            }
        }
    }
}
