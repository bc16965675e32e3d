import LinearAlgebra

/// The content of the JSON file that `shapiq.InteractionValues.save` writes and `.load` reads (shapiq 1.4), without the
/// JSON.
///
/// Top level: `object_name` = "InteractionValues", `data_type` = "interaction_values", `version`, `created_from`,
/// `description`, `parameters`, `timestamp`; then `metadata` with the fields below and `data`, an object of
/// ``entries``.
package struct ShapiqInteractionValues: Sendable, Equatable {
    /// One entry of `data`: players joined by commas, or `Empty`.
    package struct Entry: Sendable, Equatable {
        package let key: String
        package let value: Double

        package init(key: String, value: Double) {
            self.key = key
            self.value = value
        }
    }

    /// `index`.
    package enum Index: String, Sendable, CaseIterable {
        /// Banzhaf interactions, p = 0.5.
        case banzhaf = "FBII"
        /// Weighted Banzhaf interactions; shapiq warns that it does not know them, and reads them.
        case weightedBanzhaf = "FWBII"
        /// Banzhaf values, order 1.
        case banzhafValues = "BV"
        /// Faithful Shapley interactions.
        case shapley = "FSII"
        /// Shapley values, order 1.
        case shapleyValues = "SV"

        /// What they are estimates of.
        package var interactionIndex: InteractionIndex {
            switch self {
            case .banzhaf, .weightedBanzhaf, .banzhafValues: .banzhaf
            case .shapley, .shapleyValues: .shapley
            }
        }
    }

    /// Entries made or read, a millisecond's, before it is asked whether to go on.
    package static let entriesBetweenQuestions = 2048

    /// `n_players`.
    package var players: Int
    package var index: Index
    /// `max_order`.
    package var maxOrder: Int
    /// `min_order`.
    package var minOrder: Int
    /// `estimated`.
    package var estimated: Bool
    /// `estimation_budget`: pairs of masks.
    package var estimationBudget: Int?
    /// `baseline_value`: the predicted value of the empty coalition, v₀ + a_∅, as shapiq keeps it.
    package var baselineValue: Double
    package var entries: [Entry]

    package init(
        players: Int, index: Index, maxOrder: Int, minOrder: Int, estimated: Bool, estimationBudget: Int?,
        baselineValue: Double,
        entries: [Entry]
    ) {
        self.players = players
        self.index = index
        self.maxOrder = maxOrder
        self.minOrder = minOrder
        self.estimated = estimated
        self.estimationBudget = estimationBudget
        self.baselineValue = baselineValue
        self.entries = entries
    }

    /// - Throws: `CancellationError`.
    package init(_ values: InteractionValues, cancellation: Cancellation = .never) throws {
        let total = values.emptyValue + values.baseline
        var entries = [Entry(key: "Empty", value: total)]
        for (i, value) in values.first.enumerated() { entries.append(Entry(key: String(i), value: value)) }
        if !values.pairs.isEmpty {
            for (pair, value) in zip(PairIndex(players: values.players).all, values.pairs) {
                if entries.count % Self.entriesBetweenQuestions == 0 { try cancellation.check() }
                entries.append(Entry(key: "\(pair.0),\(pair.1)", value: value))
            }
        }
        self.init(
            players: values.players,
            index: values.index == .shapley ? .shapley : values.p == 0.5 ? .banzhaf : .weightedBanzhaf,
            maxOrder: values.order, minOrder: 0, estimated: true,
            estimationBudget: values.isJointlySampled ? values.imageMasks : values.imageMasks * values.textMasks,
            baselineValue: total, entries: entries)
    }

    /// The explanation in these values; interactions not listed are 0.
    ///
    /// - Parameters:
    ///   - imagePlayers: how many of the players are image players, the first ones.
    ///   - p: the presence probability, which the file does not say.
    /// - Throws: ``InteractionError/invalidParameter(name:message:)`` naming the entry at fault; `CancellationError`.
    package func interactionValues(
        imagePlayers: Int, p: Double = 0.5, cancellation: Cancellation = .never
    ) throws -> InteractionValues {
        guard players >= 1, imagePlayers >= 0, imagePlayers <= players else {
            throw InteractionError.invalidParameter(
                name: "n_players", message: "\(players) players cannot have \(imagePlayers) image players")
        }
        guard maxOrder == 1 || maxOrder == 2 else {
            throw InteractionError.invalidParameter(name: "max_order", message: "must be 1 or 2, not \(maxOrder)")
        }
        let kind = index.interactionIndex
        let pairIndex = PairIndex(players: players)
        var first = [Double](repeating: 0, count: players)
        var pairs = [Double](repeating: 0, count: maxOrder == 2 ? pairIndex.count : 0)
        var baseline = 0.0
        for (index, entry) in entries.enumerated() {
            if index % Self.entriesBetweenQuestions == 0 { try cancellation.check() }
            if entry.key == "Empty" {
                baseline = entry.value - baselineValue
                continue
            }
            let members = entry.key.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
            guard members.count <= maxOrder, members.allSatisfy({ $0 >= 0 && $0 < players }),
                Set(members).count == members.count
            else {
                throw InteractionError.invalidParameter(
                    name: "data",
                    message: "no interaction \"\(entry.key)\" of \(players) players up to order \(maxOrder)")
            }
            if members.count == 1 {
                first[members[0]] = entry.value
            } else {
                pairs[pairIndex.position(members[0], members[1])] = entry.value
            }
        }
        var full = baselineValue + baseline
        for value in first + pairs { full += value }
        return InteractionValues(
            index: kind, p: kind == .banzhaf ? p : 0.5, order: maxOrder, estimator: .leastSquares,
            imagePlayers: imagePlayers,
            textPlayers: players - imagePlayers, baseline: baseline, first: first, pairs: pairs,
            scope: maxOrder == 2 ? .all : .none,
            emptyValue: baselineValue, fullValue: full, looR2: nil, rankDeficient: false, imageMasks: 0, textMasks: 0,
            standardErrors: nil)
    }
}
