/// Tokens that share a character: bytes of an emoji, or of a letter outside the vocabulary's.
extension Picture {
    /// The picture with text players that overlap in the caption joined to one, so that no character is split, and for
    /// each player of the old picture its number in the new one. A joined player's values and pairs are the sums of its
    /// tokens'; its errors are the sums of theirs, which the error of a sum never exceeds. Pairs among its own tokens
    /// stand in no pair of the new picture.
    func joiningSharedCharacters() -> (picture: Picture, players: [Int]) {
        var groups: [[Int]] = []
        for index in words.indices {
            if let last = groups.last, let previous = last.last, words[index].start < words[previous].end,
                words[previous].start < words[index].end
            {
                groups[groups.count - 1].append(index)
            } else {
                groups.append([index])
            }
        }
        guard groups.count < words.count else { return (self, Array(0..<playerCount)) }
        var players = Array(0..<playerCount)
        for (group, members) in groups.enumerated() {
            for index in members { players[patchCount + index] = patchCount + group }
        }
        var joined = self
        joined.words = groups.map { members in
            let start = members.map { words[$0].start }.min() ?? 0
            let end = members.map { words[$0].end }.max() ?? start
            return Word(token: members.map { words[$0].token }.joined(), start: start, end: end)
        }
        joined.estimate = estimate.summed(over: players, count: patchCount + groups.count)
        joined.history = history.map { round in
            var round = round
            round.leading = round.leading.map { Leading(players: $0.players.map { players[$0] }, value: $0.value) }
            return round
        }
        return (joined, players)
    }
}

extension Picture.Estimate {
    fileprivate func summed(over players: [Int], count: Int) -> Picture.Estimate {
        func sums(_ values: [Double]) -> [Double] {
            var result = [Double](repeating: 0, count: count)
            for (player, value) in zip(players, values) { result[player] += value }
            return result
        }
        func pairSums(_ values: [Double]) -> [Double] {
            var result = [Double](repeating: 0, count: count * (count - 1) / 2)
            var position = 0
            for i in players.indices {
                for j in i + 1..<max(i + 1, players.count) {
                    let (a, b) = (min(players[i], players[j]), max(players[i], players[j]))
                    if a != b { result[a * (2 * count - a - 1) / 2 + (b - a - 1)] += values[position] }
                    position += 1
                }
            }
            return result
        }
        var joined = self
        joined.first = sums(first)
        joined.firstOrderReading = sums(firstOrderReading)
        joined.firstErrors = firstErrors.map(sums)
        joined.readingErrors = readingErrors.map(sums)
        joined.pairs = pairs.map(pairSums)
        joined.pairErrors = pairErrors.map(pairSums)
        return joined
    }
}
