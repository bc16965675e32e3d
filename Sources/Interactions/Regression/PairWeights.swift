import Foundation

/// The weights of pairs of masks as a sum of products, w(x, t) = Σ_g image_g(x) · text_g(t).
struct PairWeights {
    /// One weight per image mask, for each group.
    var image: [[Double]]
    /// One weight per text mask, for each group.
    var text: [[Double]]

    /// Σ over all pairs.
    var total: Double {
        zip(image, text).reduce(0) { $0 + $1.0.reduce(0, +) * $1.1.reduce(0, +) }
    }

    /// Banzhaf: each side's own weights.
    init(banzhaf image: SideSample, _ text: SideSample) {
        self.image = [image.weights]
        self.text = [text.weights]
    }

    /// Shapley: 1/C(n−2, |x|+|t|−1), 0 for the two ends, over the probability that the pair was drawn, times its draws;
    /// one group for each size of the side with fewer players.
    ///
    /// The kernel depends on |x| + |t| alone, so grouping one side by size makes it exact with any sampling nodes.
    /// Scaled to add up to 1.
    init(shapley image: SideSample, _ text: SideSample) {
        let swapped = image.players < text.players
        let (wide, narrow) = swapped ? (text, image) : (image, text)
        let n = image.players + text.players
        let kernel = ShapleyKernel.logWeights(players: n)
        var wideGroups: [[Double]] = []
        var narrowGroups: [[Double]] = []
        let narrowLogs = Self.logWeights(narrow)
        let wideLogs = Self.logWeights(wide)
        let wideSizes = wide.coalitions.map(\.size)
        let narrowSizes = narrow.coalitions.map(\.size)
        let largestNarrow = narrowLogs.max() ?? 0
        // The largest weight becomes 1 before anything leaves the logarithm.
        var largest = -Double.infinity
        for size in Set(narrowSizes) {
            for (m, s) in wideSizes.enumerated() { largest = max(largest, kernel[s + size] + wideLogs[m]) }
        }
        for size in 0...narrow.players where narrowSizes.contains(size) {
            narrowGroups.append(
                narrowLogs.indices.map { narrowSizes[$0] == size ? exp(narrowLogs[$0] - largestNarrow) : 0 })
            wideGroups.append(wideLogs.indices.map { exp(kernel[wideSizes[$0] + size] + wideLogs[$0] - largest) })
        }
        (self.image, self.text) = swapped ? (narrowGroups, wideGroups) : (wideGroups, narrowGroups)
        let total = self.total
        guard total > 0 else { return }
        for g in self.image.indices { self.image[g] = self.image[g].map { $0 / total } }
    }

    /// ln(count / density).
    private static func logWeights(_ sample: SideSample) -> [Double] {
        sample.coalitions.indices.map { log(sample.counts[$0]) - sample.drawn.logDensities[$0] }
    }
}
