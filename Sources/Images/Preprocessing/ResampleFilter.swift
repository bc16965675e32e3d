import Foundation

/// Pillow's resampling filters; raw values are the numbers that preprocessor configs give as `resample`.
package enum ResampleFilter: Int, Sendable, CaseIterable {
    case nearest = 0
    case lanczos, bilinear, bicubic, box, hamming

    /// The filter by its lower-case name, as open_clip configs give it as `interpolation`.
    package init?(name: String) {
        guard let match = Self.allCases.first(where: { "\($0)" == name.lowercased() }) else { return nil }
        self = match
    }

    /// Half the filter's width in input pixels when the picture keeps its size.
    var support: Double {
        switch self {
        case .nearest: 0
        case .box: 0.5
        case .bilinear, .hamming: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The filter's value at `position` input pixels from its centre.
    func weight(at position: Double) -> Double {
        let x = abs(position)
        switch self {
        case .nearest:
            return 0
        case .box:
            return position > -0.5 && position <= 0.5 ? 1 : 0
        case .bilinear:
            return x < 1 ? 1 - x : 0
        case .hamming:
            if x == 0 { return 1 }
            if x >= 1 { return 0 }
            let angle = x * Double.pi
            return sin(angle) / angle * (Double(Float(0.54)) + Double(Float(0.46)) * cos(angle))
        case .bicubic:  // Keys' cubic convolution with a = −0.5
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
            return 0
        case .lanczos:
            return position >= -3 && position < 3 ? sinc(position) * sinc(position / 3) : 0
        }
    }

    private func sinc(_ x: Double) -> Double {
        if x == 0 { return 1 }
        let angle = x * Double.pi
        return sin(angle) / angle
    }
}

/// One axis of a resize: for each output position of a range, which input samples count and how much.
struct AxisWeights {
    /// Fractional bits of the fixed-point weights: 32 less 8 for the sample and 2 for overshoot.
    static let precisionBits = 22

    /// First input sample of each output position.
    let first: [Int]
    /// How many input samples count for each output position.
    let count: [Int]
    /// Fixed-point weights, `[positions, stride]`.
    let weights: [Int32]
    let stride: Int

    /// The input samples needed by the whole range.
    var inputRange: Range<Int> {
        let lower = first.min() ?? 0
        let upper = zip(first, count).reduce(lower) { max($0, $1.0 + $1.1) }
        return lower..<upper
    }

    /// Weights as Pillow computes them: the filter is widened by the scale when shrinking, normalised in
    /// double precision, then rounded half away from zero to fixed point.
    ///
    /// - Parameter checkpoint: called every few milliseconds; what it throws ends the work.
    init<Failure: Error>(
        inputSize: Int, outputSize: Int, outputs: Range<Int>, filter: ResampleFilter,
        checkpoint: () throws(Failure) -> Void
    ) throws(Failure) {
        let scale = Double(inputSize) / Double(outputSize)
        let filterScale = max(scale, 1)
        let support = filter.support * filterScale
        let inverse = 1 / filterScale
        let stride = Int(support.rounded(.up)) * 2 + 1
        var first: [Int] = []
        var count: [Int] = []
        first.reserveCapacity(outputs.count)
        count.reserveCapacity(outputs.count)
        var weights = [Int32](repeating: 0, count: outputs.count * stride)
        var exact = [Double](repeating: 0, count: stride)
        var work = 0
        for (row, output) in outputs.enumerated() {
            work += stride
            if work >= 1 << 16 {
                work = 0
                try checkpoint()
            }
            let center = (Double(output) + 0.5) * scale
            let lower = max(Int(center - support + 0.5), 0)
            let taps = min(Int(center + support + 0.5), inputSize) - lower
            var total = 0.0
            for tap in 0..<taps {
                exact[tap] = filter.weight(at: (Double(tap + lower) - center + 0.5) * inverse)
                total += exact[tap]
            }
            for tap in 0..<taps {
                let share = (total != 0 ? exact[tap] / total : exact[tap]) * Double(1 << Self.precisionBits)
                weights[row * stride + tap] = Int32(share < 0 ? share - 0.5 : share + 0.5)
            }
            first.append(lower)
            count.append(taps)
        }
        self.first = first
        self.count = count
        self.weights = weights
        self.stride = stride
    }
}
