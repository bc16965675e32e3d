import Interactions

/// Whether the strongest pairs have stayed the same over successive estimates.
struct PairStability: Sendable {
    let topK: Int
    /// Estimates in a row that must agree; nil when nobody asked.
    let rounds: Int?
    private var last: Set<Int> = []
    private var agreeing = 0

    init(topK: Int, rounds: Int?) {
        self.topK = topK
        self.rounds = rounds
    }

    /// Takes the next estimate into account. At order 1 the strongest players stand in for pairs.
    mutating func isStable(with estimate: InteractionValues) -> Bool {
        guard let rounds else { return false }
        let strongest = Set(estimate.pairs.isEmpty ? estimate.strongestPlayers(topK) : estimate.strongestPairs(topK))
        agreeing = strongest == last ? agreeing + 1 : 1
        last = strongest
        return agreeing >= rounds + 1
    }
}

extension InteractionValues {
    fileprivate func strongestPlayers(_ count: Int) -> [Int] {
        Array(first.indices.sorted { abs(first[$0]) > abs(first[$1]) }.prefix(count))
    }
}
