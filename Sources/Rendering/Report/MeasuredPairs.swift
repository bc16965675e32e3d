/// A pair of players with its interaction, `a < b`.
struct MeasuredPair: Sendable, Equatable {
    var a: Int
    var b: Int
    var measured: Measured
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
    /// Complexity: O(pairs of the kind × log) for the sort of those that matter.
    func strongestPairs(_ kind: PairKind, count: Int) -> [MeasuredPair] {
        guard estimate.pairs != nil else { return [] }
        let candidates: [MeasuredPair]
        switch kind {
        case .wordPatch:
            candidates = patchPlayers.flatMap { a in
                wordPlayers.map { MeasuredPair(a: a, b: $0, measured: pair(a, $0)) }
            }
        case .patchPatch: candidates = upper(patchPlayers)
        case .wordWord: candidates = upper(wordPlayers)
        }
        return Array(candidates.sortedByStrength().prefix(count))
    }

    /// The `count` strongest pairs of any kind.
    func strongestPairs(count: Int) -> [MeasuredPair] {
        let candidates = PairKind.allCases.flatMap { strongestPairs($0, count: count) }
        return Array(candidates.sortedByStrength().prefix(count))
    }

    /// The strongest pairs of all, without those that make a word's region, where they are no smaller than a quarter of
    /// the strongest and an eighth of the heaviest word.
    func strikingPairs(besides regions: [WordRegion]) -> [MeasuredPair] {
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
        let candidates = range.filter { $0 != player }.map {
            MeasuredPair(a: min(player, $0), b: max(player, $0), measured: pair(player, $0))
        }
        return Array(candidates.sortedByStrength().prefix(count))
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

    private func upper(_ range: Range<Int>) -> [MeasuredPair] {
        range.flatMap { a in
            (a + 1..<max(a + 1, range.upperBound)).map { MeasuredPair(a: a, b: $0, measured: pair(a, $0)) }
        }
    }
}

extension [MeasuredPair] {
    fileprivate func sortedByStrength() -> [MeasuredPair] {
        filter { $0.measured.value != 0 }.sorted { x, y in
            let (strengthX, strengthY) = (abs(x.measured.value), abs(y.measured.value))
            return strengthX != strengthY ? strengthX > strengthY : (x.a, x.b) < (y.a, y.b)
        }
    }
}
