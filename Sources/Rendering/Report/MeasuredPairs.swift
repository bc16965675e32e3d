/// A pair of players with its interaction, `a < b`.
package struct MeasuredPair: Sendable, Equatable {
    package var a: Int
    package var b: Int
    package var measured: Measured
}

/// The three kinds of pairs of a two-modality game.
enum PairKind: Sendable, CaseIterable {
    case wordPatch, patchPatch, wordWord

    var title: String {
        switch self {
        case .wordPatch: "word and patch"
        case .patchPatch: "patch and patch"
        case .wordWord: "word and word"
        }
    }
}

extension Picture {
    /// The `count` pairs of a kind with the largest absolute interaction, strongest first; ties in player order.
    /// - Complexity: O(pairs of the kind) where `count` is small beside them.
    func strongestPairs(_ kind: PairKind, count: Int) -> [MeasuredPair] {
        guard estimate.pairs != nil else { return [] }
        var strongest = StrongestPairs(count: count)
        switch kind {
        case .wordPatch:
            for a in patchPlayers { for b in wordPlayers { strongest.offer(a, b, pair(a, b)) } }
        case .patchPatch: offerPairs(of: patchPlayers, to: &strongest)
        case .wordWord: offerPairs(of: wordPlayers, to: &strongest)
        }
        return strongest.sorted
    }

    /// The `count` strongest pairs of any kind.
    package func strongestPairs(count: Int) -> [MeasuredPair] {
        var strongest = StrongestPairs(count: count)
        for kind in PairKind.allCases {
            for pair in strongestPairs(kind, count: count) { strongest.offer(pair.a, pair.b, pair.measured) }
        }
        return strongest.sorted
    }

    /// The strongest pairs of all, without those that make a word's region, where they are no smaller than a quarter of
    /// the strongest and an eighth of the heaviest word.
    package func strikingPairs(besides regions: [WordRegion]) -> [MeasuredPair] {
        let strongest = strongestPairs(count: Self.mostStriking + regions.count * patchCount)
        let heaviest = wordPlayers.map { abs(reading($0).value) }.max() ?? 0
        let least = max(abs(strongest.first?.measured.value ?? 0) / 4, heaviest / 8)
        let untold = strongest.filter { pair in
            abs(pair.measured.value) >= least && pair.measured.isClear
                && !(pair.measured.value > 0 && !isWord(pair.a) && regions.contains { $0.word == pair.b })
        }
        return Array(untold.prefix(Self.mostStriking))
    }

    /// More curves than this hide the picture.
    private static let mostStriking = 3

    /// The pairs of one player with the players of a range, strongest first.
    func strongestPartners(of player: Int, in range: Range<Int>, count: Int) -> [MeasuredPair] {
        var strongest = StrongestPairs(count: count)
        for other in range where other != player {
            strongest.offer(min(player, other), max(player, other), pair(player, other))
        }
        return strongest.sorted
    }

    /// The `count` words with the largest pair with any patch, in reading order; none whose largest is less than
    /// a tenth of the largest there is.
    func wordsWithStrongestPairs(count: Int) -> [Int] {
        let strengths = wordPlayers.map { word in
            (word: word, size: patchPlayers.map { abs(pair($0, word).value) }.max() ?? 0)
        }
        let least = (strengths.map(\.size).max() ?? 0) / 10
        let strongest = strengths.filter { $0.size > 0 && $0.size >= least }.sorted {
            $0.size != $1.size ? $0.size > $1.size : $0.word < $1.word
        }.prefix(count)
        return strongest.map(\.word).sorted()
    }

    private func offerPairs(of range: Range<Int>, to strongest: inout StrongestPairs) {
        for a in range {
            for b in a + 1..<max(a + 1, range.upperBound) { strongest.offer(a, b, pair(a, b)) }
        }
    }
}

/// The strongest of the pairs that are offered, ties in player order; pairs of no strength are left out.
private struct StrongestPairs {
    private let count: Int
    /// The strongest `count` of those offered, and some that came since they were sorted out.
    private var kept: [MeasuredPair] = []
    /// The strength that a pair needs to be among them.
    private var threshold = 0.0

    init(count: Int) { self.count = max(0, count) }

    mutating func offer(_ a: Int, _ b: Int, _ measured: Measured) {
        let strength = abs(measured.value)
        guard strength > 0, strength >= threshold, count > 0 else { return }
        kept.append(MeasuredPair(a: a, b: b, measured: measured))
        if kept.count >= 2 * max(count, 64) {
            kept = sorted
            threshold = abs(kept[count - 1].measured.value)
        }
    }

    /// Those that were asked for, strongest first.
    var sorted: [MeasuredPair] {
        Array(
            kept.sorted { x, y in
                let (strengthX, strengthY) = (abs(x.measured.value), abs(y.measured.value))
                return strengthX != strengthY ? strengthX > strengthY : (x.a, x.b) < (y.a, y.b)
            }.prefix(count))
    }
}
