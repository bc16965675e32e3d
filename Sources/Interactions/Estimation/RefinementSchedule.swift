/// When a refinement is to stop, whichever comes first; nil parts do not count.
package struct RefinementGoal: Sendable, Equatable {
    /// Masks wanted in the game in all.
    package var imageMasks: Int
    package var textMasks: Int
    /// The greatest standard error wanted among the leading pairs (or values, for order 1).
    package var standardError: Double?
    /// How many leading pairs must stay the same …
    package var topK: Int?
    /// … over how many successive estimates.
    package var stableRounds: Int

    package init(
        imageMasks: Int, textMasks: Int, standardError: Double? = nil, topK: Int? = nil, stableRounds: Int = 3
    ) {
        self.imageMasks = imageMasks
        self.textMasks = textMasks
        self.standardError = standardError
        self.topK = topK
        self.stableRounds = stableRounds
    }

    /// How many leading pairs (or values, for order 1) are looked at where ``topK`` does not say.
    package static let leadingPairs = 10
}

/// Why a refinement ended.
package enum RefinementEnd: Sendable {
    case budget, deadline, standardError, stable, stopped, exhausted
}

/// Decides when a refinement publishes an estimate and when it stops. It holds no game and reads no clock: the caller
/// says how many masks there are and what time it is.
///
/// Estimates come at growing intervals, each about 1.3 times the masks of the one before, later where estimating would
/// take more than a fifth of the time. The first comes early on a machine that is slow for the model.
package struct RefinementSchedule: Sendable {
    package let goal: RefinementGoal
    /// The part of the time that estimating may take.
    package static let estimationShare = 0.2
    /// The factor in masks between estimates.
    package static let growth = 1.3
    /// The image masks of the first estimate …
    package static let firstEstimate = 32
    /// … or of an early one, where that would come late.
    package static let earlyEstimate = 16
    /// The time, in seconds, in which a first answer should come.
    package static let firstAnswer = 1.0

    private let isExhaustible: Bool
    private let isTimed: Bool
    private let start: Double
    private var lastPublished = 0
    private var lastTook = 0.0
    private var lastEnd: Double
    private var leading: Set<PairKey> = []
    private var stableFor = 0
    private var met: RefinementEnd?

    private struct PairKey: Hashable {
        let i: Int
        let j: Int
    }

    /// - Parameters:
    ///   - plans: the inputs' plans; where the goal enumerates all, meeting it is `exhausted` instead of `budget`.
    ///   - now: the caller's clock, in seconds.
    ///   - isTimed: whether estimates wait where they take more than their share of the time; without it they depend on
    ///     the masks alone.
    package init(goal: RefinementGoal, plans: [SamplingPlan], now: Double, isTimed: Bool = true) {
        self.goal = goal
        self.isTimed = isTimed
        isExhaustible = plans.allSatisfy {
            $0.isEnumerated(at: $0.modality == .image ? goal.imageMasks : goal.textMasks)
        }
        start = now
        lastEnd = now
    }

    /// Whether an estimate is due with this many image masks at hand. The last one before stopping is always due.
    package func isEstimateDue(imageMasks: Int, now: Double) -> Bool {
        if imageMasks >= goal.imageMasks { return true }
        if isEarly(imageMasks), now - start > Self.firstAnswer * Double(Self.earlyEstimate) / Double(Self.firstEstimate)
        {
            return true
        }
        let next = max(Double(Self.firstEstimate), Double(lastPublished) * Self.growth)
        guard Double(imageMasks) >= next else { return false }
        guard isTimed else { return true }
        // took / (took + waited) ≤ share.
        return lastTook * (1 - Self.estimationShare) <= (now - lastEnd) * Self.estimationShare
    }

    /// Whether these are the masks at which to see if the first estimate should come early.
    private func isEarly(_ imageMasks: Int) -> Bool {
        isTimed && lastPublished == 0 && (Self.earlyEstimate..<Self.firstEstimate).contains(imageMasks)
    }

    /// The number of image masks to encode up to before asking ``isEstimateDue(imageMasks:now:)`` again.
    package func nextTarget(imageMasks: Int) -> Int {
        if isTimed, lastPublished == 0, imageMasks < Self.earlyEstimate {
            return min(goal.imageMasks, Self.earlyEstimate)
        }
        let next = max(Double(Self.firstEstimate), Double(lastPublished) * Self.growth).rounded(.up)
        let target = Int(min(next, Double(goal.imageMasks)))
        return target > imageMasks ? target : min(goal.imageMasks, imageMasks + max(1, imageMasks / 16))
    }

    /// Records an estimate that was published.
    ///
    /// - Parameters:
    ///   - took: how many seconds estimating took.
    package mutating func published(_ values: InteractionValues, imageMasks: Int, took: Double, now: Double) {
        lastPublished = imageMasks
        lastTook = took
        lastEnd = now
        if let topK = goal.topK {
            let current = Set(values.leadingValues(topK).map { PairKey(i: $0.i, j: $0.j) })
            stableFor = current == leading ? stableFor + 1 : 1
            leading = current
            if stableFor >= goal.stableRounds { met = .stable }
        }
        if let target = goal.standardError,
            let error = values.maximumStandardError(leading: goal.topK ?? RefinementGoal.leadingPairs), error <= target
        {
            met = .standardError
        }
    }

    /// Why the refinement should stop; nil where it should not. The caller ends one that was cancelled or stopped.
    package func end(imageMasks: Int, textMasks: Int) -> RefinementEnd? {
        if let met { return met }
        if imageMasks >= goal.imageMasks && textMasks >= goal.textMasks { return isExhaustible ? .exhausted : .budget }
        return nil
    }
}

extension InteractionValues {
    /// The k leading pairs, or for order 1 the k leading players as pairs with themselves.
    func leadingValues(_ k: Int) -> [RankedPair] {
        if order == 2 { return topPairs(k) }
        let ranked = first.indices.sorted {
            abs(first[$0]) != abs(first[$1]) ? abs(first[$0]) > abs(first[$1]) : $0 < $1
        }
        return ranked.prefix(k).map { RankedPair(i: $0, j: $0, value: first[$0]) }
    }

    /// The greatest standard error among the k leading pairs (players, for order 1); nil where none were estimated.
    package func maximumStandardError(leading k: Int = 10) -> Double? {
        guard let standardErrors else { return nil }
        let index = PairIndex(players: players)
        return leadingValues(k).map { pair in
            pair.i == pair.j ? standardErrors.first[pair.i] : standardErrors.pairs[index.position(pair.i, pair.j)]
        }.max()
    }
}
