import Foundation
import Interactions
import LinearAlgebra
import TestSupport
import Testing

/// An explanation of random numbers.
func randomValues(imagePlayers: Int, textPlayers: Int, order: Int = 2, seed: UInt64 = 1) throws -> InteractionValues {
    var generator = SeededGenerator(seed: seed)
    let players = imagePlayers + textPlayers
    var entries = [ShapiqInteractionValues.Entry(key: "Empty", value: -1.25)]
    for i in 0..<players { entries.append(.init(key: "\(i)", value: generator.normal())) }
    if order == 2 {
        for i in 0..<players {
            for j in i + 1..<max(players, i + 1) { entries.append(.init(key: "\(i),\(j)", value: generator.normal())) }
        }
    }
    return try ShapiqInteractionValues(
        players: players, index: .banzhaf, maxOrder: order, minOrder: 0, estimated: true, estimationBudget: nil,
        baselineValue: -1.25,
        entries: entries
    ).interactionValues(imagePlayers: imagePlayers)
}

@Suite(.timeLimit(.minutes(10)))
struct ReadingTests {
    @Test("pairs are numbered row by row", arguments: [1, 2, 5, 9])
    func pairOrder(players: Int) {
        let index = PairIndex(players: players)
        #expect(index.all.count == index.count)
        for (position, pair) in index.all.enumerated() {
            #expect(index.position(pair.0, pair.1) == position && index.position(pair.1, pair.0) == position)
        }
    }

    @Test func predictionsAddUpTheMembers() throws {
        let values = try randomValues(imagePlayers: 3, textPlayers: 2)
        let coalition = Coalition([0, 2, 4], of: 5)
        let expected =
            values.baseline + values.first[0] + values.first[2] + values.first[4] + values.pair(0, 2)
            + values.pair(0, 4)
            + values.pair(2, 4)
        #expect(abs(values.predict(coalition) - expected) < 1e-12)
        let full = values.predict(Coalition(full: 5)) + values.emptyValue
        #expect(abs(full - values.fullValue) < 1e-12)
    }

    @Test func theFirstOrderReadingIsTheBestOrderOneFit() throws {
        // The Banzhaf order-1 minimiser of an order-2 function has slopes a_i + p Σ a_ij.
        let game = SyntheticGame(imagePlayers: 5, textPlayers: 3, seed: 9)
        for p in [0.3, 0.5] {
            let nodes = [SamplingNode(probability: p, weight: 1)]
            let second = try game.estimate(
                nodes: nodes, imageMasks: 32, textMasks: 8, settings: EstimatorSettings(p: p))
            let first = try game.estimate(
                nodes: nodes, imageMasks: 32, textMasks: 8, settings: EstimatorSettings(p: p, order: 1))
            #expect(relativeDifference(second.firstOrderReading, first.first) < 1e-9)
        }
    }

    @Test("exact subsets are the best of all", arguments: Subset.Objective.allCases)
    func exactSubsets(objective: Subset.Objective) throws {
        let values = try randomValues(imagePlayers: 6, textPlayers: 3, seed: 5)
        let subsets = try values.subsets(sizes: Array(0...9), objective: objective)
        for size in 0...9 {
            let all = (0..<512).filter { $0.nonzeroBitCount == size }.map { values.predict(Coalition(bits: $0, of: 9)) }
            let best = try #require(objective == .max ? all.max() : all.min())
            #expect(subsets[size].size == size)
            #expect(abs(subsets[size].predicted - best) < 1e-9)
            #expect(abs(values.predict(subsets[size].members) - best) < 1e-9)
        }
        #expect(throws: InteractionError.self) { try values.subsets(sizes: [10], objective: objective) }
    }

    /// The curves' coalitions are those of the greedy search, for few players too.
    private func greedy(_ values: InteractionValues, _ objective: Subset.Objective) throws -> [Coalition] {
        let found = try InsertionDeletion.coalitions(values)
        return objective == .max ? found.keep : found.lose
    }

    @Test(
        "from every start player, greedy growth finds the best player and the best pair",
        arguments: Subset.Objective.allCases)
    func greedyIsExactWhereItMustBe(objective: Subset.Objective) throws {
        for seed in 1...20 {
            let values = try randomValues(imagePlayers: 6, textPlayers: 4, seed: UInt64(seed))
            let exact = try values.subsets(sizes: Array(0...10), objective: objective)
            let greedy = try self.greedy(values, objective)
            for size in [0, 1, 2, 10] { #expect(abs(values.predict(greedy[size]) - exact[size].predicted) < 1e-9) }
            for size in 3...9 {
                let found = values.predict(greedy[size])
                #expect(
                    objective == .max ? found <= exact[size].predicted + 1e-9 : found >= exact[size].predicted - 1e-9)
            }
        }
    }

    @Test("where pairs only add to the strongest players, greedy growth is exact", arguments: Subset.Objective.allCases)
    func greedyIsExactOnSortedPlayers(objective: Subset.Objective) throws {
        let sign = objective == .max ? 1.0 : -1.0
        for hasPairs in [false, true] {
            var entries = (0..<12).map { ShapiqInteractionValues.Entry(key: "\($0)", value: sign * Double(12 - $0)) }
            if hasPairs {
                for i in 0..<12 {
                    for j in i + 1..<12 {
                        entries.append(.init(key: "\(i),\(j)", value: sign * Double((12 - i) * (12 - j)) / 10))
                    }
                }
            }
            let values = try ShapiqInteractionValues(
                players: 12, index: .banzhaf, maxOrder: 2, minOrder: 0, estimated: true, estimationBudget: nil,
                baselineValue: 0,
                entries: entries
            ).interactionValues(imagePlayers: 8)
            #expect(try greedy(values, objective) == (0...12).map { Coalition(0..<$0, of: 12) })
            #expect(
                try values.subsets(sizes: Array(0...12), objective: objective).map(\.members)
                    == greedy(values, objective))
        }
    }

    /// At 20 players only the small and the large sizes are few enough to try them all here.
    @Test(
        "up to 20 players subsets are exact, beyond they are those of the greedy search",
        arguments: Subset.Objective.allCases)
    func theLastExactNumberOfPlayers(objective: Subset.Objective) throws {
        #expect(InteractionValues.exactSubsetPlayers == 20)
        let values = try randomValues(imagePlayers: 14, textPlayers: 6, seed: 3)
        let subsets = try values.subsets(sizes: Array(0...20), objective: objective)
        for left in 0...2 {
            for size in [left, 20 - left] {
                let all = Self.combinations(left, of: 20).map { members in
                    values.predict(size == left ? members : members.complement)
                }
                let best = try #require(objective == .max ? all.max() : all.min())
                #expect(abs(subsets[size].predicted - best) < 1e-9)
            }
        }
        let greedy = try self.greedy(values, objective)
        for (exact, coalition) in zip(subsets, greedy) {
            let found = values.predict(coalition)
            #expect(objective == .max ? exact.predicted >= found - 1e-9 : exact.predicted <= found + 1e-9)
        }
        let more = try randomValues(imagePlayers: 14, textPlayers: 7, seed: 3)
        #expect(
            try more.subsets(sizes: Array(0...21), objective: objective).map(\.members) == self.greedy(more, objective))
    }

    /// All coalitions of up to two players.
    private static func combinations(_ size: Int, of players: Int) -> [Coalition] {
        switch size {
        case 0: [Coalition(empty: players)]
        case 1: (0..<players).map { Coalition([$0], of: players) }
        default: (0..<players).flatMap { i in (0..<i).map { Coalition([i, $0], of: players) } }
        }
    }

    @Test func greedySubsetsTellTheirOwnValue() throws {
        let values = try randomValues(imagePlayers: 20, textPlayers: 6, seed: 6)
        let largest = try values.subsets(sizes: Array(0...26), objective: .max)
        let smallest = try values.subsets(sizes: Array(0...26), objective: .min)
        for size in 0...26 {
            #expect(largest[size].size == size && smallest[size].size == size)
            #expect(abs(values.predict(largest[size].members) - largest[size].predicted) < 1e-9)
            #expect(largest[size].predicted >= smallest[size].predicted - 1e-9)
        }
        // Size 1 is exact even in a greedy search.
        #expect(abs(largest[1].predicted - (values.baseline + (values.first.max() ?? 0))) < 1e-12)
    }

    @Test func conditionsSumsAndTopPairsReadTheSameMatrix() throws {
        let values = try randomValues(imagePlayers: 4, textPlayers: 3, seed: 7)
        let cross = values.crossModalPairs
        for t in 0..<3 {
            let slice = try values.condition(on: 4 + t)
            #expect(Array(slice[..<4]) == Array(cross[t * 4..<(t + 1) * 4]))
            #expect(slice[4 + t] == 0)
            #expect(abs(values.tokenSums[t] - slice[..<4].reduce(0, +)) < 1e-12)
        }
        #expect(abs(values.patchSums.reduce(0, +) - cross.reduce(0, +)) < 1e-12)
        let top = values.topPairs(5)
        #expect(top.map { abs($0.value) } == values.pairs.map(abs).sorted(by: >).prefix(5).map { $0 })
        #expect(values.topPairs(100, crossModalOnly: true).count == 12)
        #expect(throws: InteractionError.self) { try values.condition(on: 7) }
        let firstOrder = try randomValues(imagePlayers: 4, textPlayers: 3, order: 1)
        #expect(throws: InteractionError.self) { try firstOrder.condition(on: 0) }
    }

    @Test("what takes long is left off when nobody wants it", arguments: [(5, 3), (18, 6)])
    func cancelled(image: Int, text: Int) throws {
        let values = try randomValues(imagePlayers: image, textPlayers: text, seed: 8)
        let cancelled = Cancellation { true }
        let exported = try ShapiqInteractionValues(values)
        if image + text > InteractionValues.exactSubsetPlayers {
            #expect(throws: CancellationError.self) {
                try values.subsets(sizes: [1], objective: .max, cancellation: cancelled)
            }
        }
        #expect(throws: CancellationError.self) {
            try InsertionDeletion.coalitions(values, cancellation: cancelled)
        }
        #expect(throws: CancellationError.self) {
            try exported.interactionValues(imagePlayers: image, cancellation: cancelled)
        }
    }

    @Test func shapiqFieldsRoundTrip() throws {
        let values = try randomValues(imagePlayers: 4, textPlayers: 3, seed: 8)
        let exported = try ShapiqInteractionValues(values)
        #expect(exported.index == .banzhaf && exported.maxOrder == 2 && exported.minOrder == 0 && exported.players == 7)
        #expect(exported.entries.first?.key == "Empty" && exported.entries.last?.key == "5,6")
        let back = try exported.interactionValues(imagePlayers: 4)
        #expect(back.first == values.first && back.pairs == values.pairs)
        var broken = exported
        broken.entries.append(.init(key: "3,9", value: 1))
        #expect(throws: InteractionError.self) { try broken.interactionValues(imagePlayers: 4) }
        #expect(ShapiqInteractionValues.Index(rawValue: "k-SII") == nil)
    }
}

@Suite(.timeLimit(.minutes(10)))
struct ComparisonTests {
    @Test func anExplanationEqualsItself() throws {
        let values = try randomValues(imagePlayers: 4, textPlayers: 3)
        let side = try ComparisonSide(
            values: values, image: ImagePlayers(patchRows: 2, patchColumns: 2), words: ["a", "dog"],
            wordOfPlayer: [0, 1, 1])
        let comparison = try Comparison(side, side)
        #expect(comparison.first == comparison.second && comparison.sharesWords)
        #expect(comparison.words == ["a", "dog"])
        #expect(abs((comparison.crossModalCorrelation ?? 0) - 1) < 1e-12)
    }

    @Test func valuesKeepTheirSumsOnTheFinerGrid() throws {
        let coarse = try randomValues(imagePlayers: 4, textPlayers: 2, seed: 2)
        let fine = try randomValues(imagePlayers: 9, textPlayers: 3, seed: 3)
        let comparison = try Comparison(
            ComparisonSide(
                values: coarse, image: ImagePlayers(patchRows: 2, patchColumns: 2), words: ["A", "cat"],
                wordOfPlayer: [0, 1]),
            ComparisonSide(
                values: fine, image: ImagePlayers(patchRows: 3, patchColumns: 3), words: ["a", "small", "cat"],
                wordOfPlayer: [0, 1, 2]))
        #expect(comparison.rows == 3 && comparison.columns == 3)
        #expect(comparison.words == ["A", "small", "cat"])
        #expect(comparison.first.words[1] == nil && comparison.second.words[1] != nil)
        let reading = coarse.firstOrderReading
        let patches: Double = reading[..<4].reduce(0, +)
        let cells: Double = comparison.first.cells.reduce(0, +)
        #expect(abs(cells - patches) < 1e-12)
        // The corner cell is 4/9 of the corner patch; the middle cell takes 1/9 of each.
        #expect(abs(comparison.first.cells[0] - reading[0] * 4 / 9) < 1e-12)
        #expect(abs(comparison.first.cells[4] - patches / 9) < 1e-12)
        #expect(zip(comparison.second.cells, fine.firstOrderReading).allSatisfy { abs($0 - $1) < 1e-12 })
        let spread: Double = comparison.first.crossModal.reduce(0, +)
        let whole: Double = coarse.crossModalPairs.reduce(0, +)
        #expect(abs(spread - whole) < 1e-12)
    }
}
