/// Standard errors from estimates that each leave one block of masks out: SE² = (g−1)/g · Σ(θ_g − θ̄)², widened by Student's t as blocks are few.
struct BlockJackknife {
    private let whole: InteractionValues
    private var first: [[Double]] = []
    private var pairs: [[Double]] = []
    private var reading: [[Double]] = []

    init(_ whole: InteractionValues) { self.whole = whole }

    mutating func add(_ partial: InteractionValues) {
        first.append(partial.first)
        pairs.append(partial.pairs)
        reading.append(partial.firstOrderReading)
    }

    var standardErrors: StandardErrors {
        StandardErrors(first: spread(first), pairs: spread(pairs), firstOrderReading: spread(reading))
    }

    private func spread(_ estimates: [[Double]]) -> [Double] {
        let count = Double(estimates.count)
        // The 97.5% quantile of Student's t over the normal one, for 3 and for 7 degrees of freedom.
        let widening = estimates.count >= 8 ? 2.365 / 1.96 : 3.182 / 1.96
        return (estimates.first ?? []).indices.map { k in
            let mean = estimates.reduce(0) { $0 + $1[k] } / count
            let squares = estimates.reduce(0) { $0 + ($1[k] - mean) * ($1[k] - mean) }
            return widening * ((count - 1) / count * squares).squareRoot()
        }
    }
}
