/// Standard errors from estimates that each leave one block of masks out: SE² = (g−1)/g · Σ(θ_g − θ̄)², widened by
/// Student's t as blocks are few.
struct BlockJackknife {
    private var solutions: [[Double]] = []
    private(set) var partials: [InteractionValues] = []

    /// - Parameter solution: the unknowns that `partial` was made of.
    mutating func add(_ partial: InteractionValues, solution: [Double]) {
        solutions.append(solution)
        partials.append(partial)
    }

    /// How many blocks there are.
    var count: Int { partials.count }
    var isEmpty: Bool { partials.isEmpty }

    /// Squared standard errors of the unknowns.
    var solutionVariances: [Double] { spread(solutions).map { $0 * $0 } }

    /// - Parameter bias: squared biases to add.
    func standardErrors(bias: (first: [Double], pairs: [Double], reading: [Double])?) -> StandardErrors {
        func total(_ errors: [Double], _ squares: [Double]?) -> [Double] {
            guard let squares else { return errors }
            return zip(errors, squares).map { ($0 * $0 + $1).squareRoot() }
        }
        return StandardErrors(
            first: total(spread(partials.map(\.first)), bias?.first),
            pairs: total(spread(partials.map(\.pairs)), bias?.pairs),
            firstOrderReading: total(spread(partials.map(\.firstOrderReading)), bias?.reading))
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
