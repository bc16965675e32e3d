extension SamplingPlan {
    /// The largest number of masks of this plan, up to `limit`, whose embeddings are all there; 0 where the full or the
    /// empty one is not.
    ///
    /// - Complexity: O(`limit`) look-ups.
    public func held(by samples: GameSamples, upTo limit: Int) -> Int {
        guard limit > 0 else { return 0 }
        var most = limit
        if isEnumerated(at: limit) {
            if missing(upTo: limit, in: samples, limit: 1).isEmpty { return effectiveCount(limit) }
            // Fewer masks than all are drawn.
            most = (1 << (joint?.players ?? players)) - 1
        }
        var masks = 0
        forEachMask(upTo: most) { coalition in
            guard samples.row(of: coalition) != nil else { return false }
            masks += 1
            return true
        }
        return masks < 2 ? 0 : min(masks, max(most, 2))
    }

    /// As ``held(by:upTo:)``, but 0 for the full and the empty mask alone: every open explanation's games hold those,
    /// and no estimate can rest on them.
    public func warm(in samples: GameSamples, upTo limit: Int) -> Int {
        let count = held(by: samples, upTo: limit)
        return count > 2 || isEnumerated(at: count) ? count : 0
    }
}
