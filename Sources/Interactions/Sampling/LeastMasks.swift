extension SamplingPlan {
    /// Different masks that an estimate needs among those drawn: with fewer no mask can be left out to judge the
    /// others.
    static let leastDraws = 3

    /// The least budget that an estimate can rest on: the full and the empty mask and what is drawn; or all coalitions.
    ///
    /// Banzhaf's `ridge` and masks drawn together leave each out in turn; the others need one draw.
    package func leastMasks(_ settings: EstimatorSettings) -> Int {
        let leavesOut = joint != nil || (settings.index == .banzhaf && settings.estimator == .ridge)
        let draws = leavesOut ? Self.leastDraws : 1
        let players = joint?.players ?? players
        return players < 3 ? min(2 + draws, 1 << players) : 2 + draws
    }
}

extension InteractionError {
    /// - Parameters:
    ///   - count: how many different ones came up in a budget of `masks`.
    ///   - subject: what they are masks of.
    static func tooFewMasks(drawn count: Int, of masks: Int, _ subject: String) -> InteractionError {
        let least = SamplingPlan.leastDraws
        guard masks >= 2 + least else {
            return .tooFewMasks(
                "\(masks) \(subject) are too few: at least \(2 + least) are needed, the whole, the empty and \(least) more"
            )
        }
        return .tooFewMasks(
            "only \(count) different \(subject) came up among the \(masks - 2) drawn, and \(least) are needed; "
                + "ask for more \(subject), or for a p nearer to 0.5")
    }
}
