/// The unknowns of a regression over pairs of masks: products of an image feature S and a text feature T with |S| + |T|
/// ≤ order.
///
/// Features are numbered as in ``Features``: 0 is the constant, then the players, then their pairs.
struct RegressionUnknowns {
    let imagePlayers: Int
    let textPlayers: Int
    let order: Int
    let scope: PairScope
    /// (S, T) of each unknown.
    let unknowns: [(image: Int, text: Int)]
    /// The players of each unknown: none for the constant, else one or two.
    let terms: [[Int]]

    /// - Parameter textInputs: how many of the text players each input of the second side has, where it is a sum:
    ///   pairs across inputs are zero and no unknowns.
    init(imagePlayers: Int, textPlayers: Int, order: Int, scope: PairScope, textInputs: [Int] = []) {
        self.imagePlayers = imagePlayers
        self.textPlayers = textPlayers
        self.order = order
        self.scope = scope
        var unknowns: [(image: Int, text: Int)] = [(0, 0)]
        for i in 0..<imagePlayers { unknowns.append((1 + i, 0)) }
        for t in 0..<textPlayers { unknowns.append((0, 1 + t)) }
        if scope == .all {
            for k in 0..<PairIndex(players: imagePlayers).count { unknowns.append((1 + imagePlayers + k, 0)) }
            let input = textInputs.enumerated().flatMap { [Int](repeating: $0, count: $1) }
            for (k, pair) in PairIndex(players: textPlayers).all.enumerated()
            where input.isEmpty || input[pair.0] == input[pair.1] {
                unknowns.append((0, 1 + textPlayers + k))
            }
        }
        if scope != .none {
            for i in 0..<imagePlayers {
                for t in 0..<textPlayers { unknowns.append((1 + i, 1 + t)) }
            }
        }
        self.unknowns = unknowns
        let imagePairs = PairIndex(players: imagePlayers).all
        let textPairs = PairIndex(players: textPlayers).all
        terms = unknowns.map { unknown in
            var players: [Int] = []
            if unknown.image > imagePlayers {
                let pair = imagePairs[unknown.image - 1 - imagePlayers]
                players += [pair.0, pair.1]
            } else if unknown.image > 0 {
                players.append(unknown.image - 1)
            }
            if unknown.text > textPlayers {
                let pair = textPairs[unknown.text - 1 - textPlayers]
                players += [imagePlayers + pair.0, imagePlayers + pair.1]
            } else if unknown.text > 0 {
                players.append(imagePlayers + unknown.text - 1)
            }
            return players
        }
    }

    /// The scope that keeps the number of unknowns within a limit, where that can be had.
    static func scope(imagePlayers: Int, textPlayers: Int, order: Int, maximum: Int) -> PairScope {
        guard order == 2 else { return .none }
        let players = imagePlayers + textPlayers
        return 1 + players + PairIndex(players: players).count > maximum ? .crossModal : .all
    }

    /// The highest order within one side.
    var sideOrder: Int { scope == .all ? 2 : 1 }

    /// The players of one unknown; nil for the constant.
    func term(_ unknown: Int) -> [Int]? { terms[unknown].isEmpty ? nil : terms[unknown] }

    /// Coefficients of the χ_S that are the same function as these of the products of presences Π_{i∈S} z_i:
    /// z_i = p + σ χ_i, z_i z_j = p² + pσ(χ_i + χ_j) + σ² χ_i χ_j.
    func biased(presence: [Double], probability p: Double) -> [Double] {
        let sigma = (p * (1 - p)).squareRoot()
        var result = [Double](repeating: 0, count: presence.count)
        for (unknown, term) in terms.enumerated() {
            let value = presence[unknown]
            switch term.count {
            case 0: result[unknown] += value
            case 1:
                result[unknown] += sigma * value
                result[0] += p * value
            default:
                result[unknown] += sigma * sigma * value
                for player in term { result[1 + player] += p * sigma * value }
                result[0] += p * p * value
            }
        }
        return result
    }

    /// The coefficients of a solution as c_S over all players.
    func coefficients(_ solution: [Double], probability: Double) -> BiasedCoefficients {
        let players = imagePlayers + textPlayers
        let index = PairIndex(players: players)
        var result = BiasedCoefficients(
            players: players, probability: probability, constant: 0, linear: [Double](repeating: 0, count: players),
            pairs: [Double](repeating: 0, count: scope == .none ? 0 : index.count))
        for (value, term) in zip(solution, terms) {
            switch term.count {
            case 0: result.constant = value
            case 1: result.linear[term[0]] = value
            default: result.pairs[index.position(term[0], term[1])] = value
            }
        }
        return result
    }
}
