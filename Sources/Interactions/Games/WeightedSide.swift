import LinearAlgebra

/// One input of the second side of a game, and the factor that its embedding has in the side's sum.
package struct WeightedSide: Sendable {
    package let side: GameSide
    package let weight: Double
    /// What the input says by itself, where it is at hand.
    package let expansion: SideExpansion?

    package init(_ side: GameSide, weight: Double = 1, expansion: SideExpansion? = nil) {
        self.side = side
        self.weight = weight
        self.expansion = expansion
    }
}

/// The two sides of a game and the constants of its value function.
///
/// The first side is one input. The second is a weighted sum of inputs with disjoint players, Σ_k c_k h_k(t_k); an
/// input without players is a fixed vector. With one input of weight 1 this is the game of an image and a text:
///
///     v(x, t₁, t₂, …) = scale · ⟨f(x), Σ_k c_k h_k(t_k)⟩ + bias
struct BilinearGame {
    let first: GameSide
    let second: [WeightedSide]
    let scale: Double
    let bias: Double
    let emptyValue: Double
    let fullValue: Double
    /// Asked every few milliseconds of an estimate.
    let cancellation: Cancellation

    /// Where the players of each input of the second side begin, among all players.
    var offsets: [Int] {
        var next = first.plan.players
        return second.map { input in
            defer { next += input.side.plan.players }
            return next
        }
    }

    var secondPlayers: Int { second.reduce(0) { $0 + $1.side.plan.players } }

    /// The game of the first side and one input of the second, which this one is the sum of.
    ///
    /// - Throws: ``InteractionError`` where an end is missing.
    func term(_ index: Int) throws(InteractionError) -> BilinearGame {
        if second.count == 1, second[0].weight == 1 { return self }
        let input = second[index]
        let factor = scale * input.weight
        let (ends, others) = (try first.endEmbeddings(), try input.side.endEmbeddings())
        return BilinearGame(
            first: first, second: [WeightedSide(input.side, expansion: input.expansion)], scale: factor, bias: 0,
            emptyValue: factor * dot(ends.empty, others.empty), fullValue: factor * dot(ends.full, others.full),
            cancellation: cancellation)
    }

    /// Values with the players, masks and ends filled in, the rest zero.
    func blankValues(_ settings: EstimatorSettings) -> InteractionValues {
        let players = first.plan.players + secondPlayers
        let sides = [first] + second.map(\.side)
        // A draw of all players needs the masks of every input.
        let drawn = first.plan.joint == nil ? nil : sides.filter { !$0.isFixed }.map(\.masks).min()
        func masks(_ modality: Modality) -> Int {
            sides.filter { $0.plan.modality == modality && !$0.isFixed }.map {
                $0.plan.effectiveCount(drawn ?? $0.masks)
            }.min() ?? 0
        }
        return InteractionValues(
            index: settings.index, p: settings.index == .banzhaf ? settings.p : 0.5, order: settings.order,
            estimator: settings.estimator, imagePlayers: first.plan.players, textPlayers: secondPlayers,
            baseline: 0,
            first: [Double](repeating: 0, count: players),
            pairs: [Double](repeating: 0, count: settings.order == 2 ? PairIndex(players: players).count : 0),
            scope: settings.order == 2 ? .all : .none, emptyValue: emptyValue, fullValue: fullValue, looR2: nil,
            rankDeficient: false, isJointlySampled: first.plan.joint != nil, imageMasks: masks(.image),
            textMasks: masks(.text), standardErrors: nil)
    }
}

/// ⟨a, b⟩.
func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for k in a.indices { sum += a[k] * b[k] }
    return sum
}
