/// The unknowns of a joint estimate: products of an image feature S and a text feature T with |S| + |T| ≤ order.
///
/// Features are numbered as in ``Features``: 0 is the constant, then the players, then their pairs.
struct JointIndex {
    let imagePlayers: Int
    let textPlayers: Int
    let order: Int
    let scope: PairScope
    /// (S, T) of each unknown.
    let unknowns: [(image: Int, text: Int)]

    init(imagePlayers: Int, textPlayers: Int, order: Int, scope: PairScope) {
        self.imagePlayers = imagePlayers
        self.textPlayers = textPlayers
        self.order = order
        self.scope = scope
        var unknowns: [(image: Int, text: Int)] = [(0, 0)]
        for i in 0..<imagePlayers { unknowns.append((1 + i, 0)) }
        for t in 0..<textPlayers { unknowns.append((0, 1 + t)) }
        if scope == .all {
            for k in 0..<PairIndex(players: imagePlayers).count { unknowns.append((1 + imagePlayers + k, 0)) }
            for k in 0..<PairIndex(players: textPlayers).count { unknowns.append((0, 1 + textPlayers + k)) }
        }
        if scope != .none {
            for i in 0..<imagePlayers {
                for t in 0..<textPlayers { unknowns.append((1 + i, 1 + t)) }
            }
        }
        self.unknowns = unknowns
    }

    /// The scope that keeps the number of unknowns within a limit, where that can be had.
    static func scope(imagePlayers: Int, textPlayers: Int, order: Int, maximum: Int) -> PairScope {
        guard order == 2 else { return .none }
        let players = imagePlayers + textPlayers
        return 1 + players + PairIndex(players: players).count > maximum ? .crossModal : .all
    }

    /// The highest order within one side.
    var sideOrder: Int { scope == .all ? 2 : 1 }

    /// The coefficients of a solution as c_S over all players.
    func coefficients(_ solution: [Double], probability: Double) -> BiasedCoefficients {
        let players = imagePlayers + textPlayers
        let index = PairIndex(players: players)
        let imagePairs = PairIndex(players: imagePlayers).all
        let textPairs = PairIndex(players: textPlayers).all
        var result = BiasedCoefficients(
            players: players, probability: probability, constant: 0, linear: [Double](repeating: 0, count: players),
            pairs: [Double](repeating: 0, count: scope == .none ? 0 : index.count))
        for (value, unknown) in zip(solution, unknowns) {
            switch (unknown.image, unknown.text) {
            case (0, 0): result.constant = value
            case (let s, 0) where s <= imagePlayers: result.linear[s - 1] = value
            case (0, let t) where t <= textPlayers: result.linear[imagePlayers + t - 1] = value
            case (let s, 0):
                let pair = imagePairs[s - 1 - imagePlayers]
                result.pairs[index.position(pair.0, pair.1)] = value
            case (0, let t):
                let pair = textPairs[t - 1 - textPlayers]
                result.pairs[index.position(imagePlayers + pair.0, imagePlayers + pair.1)] = value
            case (let s, let t):
                result.pairs[index.position(s - 1, imagePlayers + t - 1)] = value
            }
        }
        return result
    }
}
