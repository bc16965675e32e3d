import LinearAlgebra

/// Shrinkage of one side's expansion: how much prior variance goes to pairs, and the noise relative to it.
struct Shrinkage: Sendable, Equatable {
    /// a: the pairs' share of the prior variance, 0 for order 1.
    var pairShare: Double
    /// λ: the variance that order 2 leaves unexplained, relative to the prior variance.
    var penalty: Double
}

/// The kernels of the linear and the pair features between the masks of a sample, each scaled to a unit diagonal at p = 0.5.
///
/// With s = ⟨χ, χ'⟩ and q = Σ(χ_i χ'_i)², the linear kernel is s/n and the pair kernel (s² − q)/(n(n−1)).
struct OrderKernels {
    /// `[masks, masks]`.
    let linear: Matrix<Double>
    /// `[masks, masks]`; nil for order 1.
    let pair: Matrix<Double>?

    /// Kernels between masks; χχ' takes three values, so both follow from the sizes and the overlap of two coalitions.
    init(_ coalitions: some RandomAccessCollection<Coalition>, features: Features) {
        let n = features.players
        let (absent, present) = features.levels
        let both = present * present
        let one = present * absent
        let none = absent * absent
        let masks = Array(coalitions)
        let count = masks.count
        let sizes = masks.map(\.size)
        var linear = Matrix<Double>(rows: count, columns: count)
        var pair = Matrix<Double>(rows: features.order >= 2 && n >= 2 ? count : 0, columns: count)
        let scale = 1 / Double(n)
        let pairScale = 1 / Double(max(n * (n - 1), 1))
        for i in 0..<count {
            for j in i..<count {
                let shared = masks[i].overlap(with: masks[j])
                let differing = sizes[i] + sizes[j] - 2 * shared
                let absentInBoth = n - shared - differing
                let s = Double(shared) * both + Double(differing) * one + Double(absentInBoth) * none
                linear.elements[i * count + j] = s * scale
                if pair.rows > 0 {
                    let q = Double(shared) * both * both + Double(differing) * one * one + Double(absentInBoth) * none * none
                    pair.elements[i * count + j] = (s * s - q) * pairScale
                }
            }
        }
        linear.mirrorUpperTriangle()
        self.linear = linear
        if pair.rows > 0 {
            pair.mirrorUpperTriangle()
            self.pair = pair
        } else {
            self.pair = nil
        }
    }

    /// (1−a)·linear + a·pair + λ·diag(noise).
    func penalised(_ shrinkage: Shrinkage, noise: [Double]) -> Matrix<Double> {
        let count = linear.rows
        var result = linear
        if let pair {
            let a = shrinkage.pairShare
            for k in 0..<count * count { result.elements[k] = (1 - a) * linear.elements[k] + a * pair.elements[k] }
        }
        for i in 0..<count { result.elements[i * count + i] += shrinkage.penalty * noise[i] }
        return result
    }
}
