/// Pairs of image and text masks with their values and weights, as a weighted least-squares problem in the unknowns of
/// a ``JointIndex``.
protocol RegressionProblem {
    var index: JointIndex { get }
    /// Whether the pairs are all there are, with their exact weights.
    var isExact: Bool { get }
    /// Blocks of pairs for the cross-validation and the jackknife: as many as memory allows, 0 for none.
    var foldCount: Int { get }
    /// The whole system, and what each fold's removal takes from it.
    func systems(folds: Int) -> (whole: JointSystem, deletions: [JointSystem])
    /// The diagonal that `ridge` adds to M; nil for `leastSquares` and where nothing was sampled.
    func penalties() -> [Double]?
    /// Adds a fold's pairs, predicted by a solution from the other folds.
    func addTestPairs(fold: Int, of folds: Int, solution: [Double], to moments: inout WeightedMoments)
    /// R² over all pairs.
    func rSquared(_ solution: [Double]) -> Double?
}

extension RegressionProblem {
    /// - Parameter masks: the distinct masks (or pairs) that are cut into folds.
    func affordableFolds(masks: Int) -> Int {
        let unknowns = index.unknowns.count
        let wanted = unknowns <= 2000 ? 8 : unknowns <= 3500 ? 4 : 0
        return masks >= 4 * wanted ? wanted : 0
    }
}
