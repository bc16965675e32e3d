import Interactions
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct FaithfulnessTests {
    @Test func measuresFollowTheirDefinitions() throws {
        let scores = try Faithfulness(truth: [1, 2, 3, 4], predicted: [1, 2, 4, 3])
        #expect(abs((scores.rSquared ?? .nan) - 0.6) < 1e-12)
        #expect(abs((scores.pearson ?? .nan) - 0.8) < 1e-12)
        #expect(abs((scores.spearman ?? .nan) - 0.8) < 1e-12)
        #expect(abs((scores.kendall ?? .nan) - 2.0 / 3) < 1e-12)
        #expect(scores.meanSquaredError == 0.5 && scores.meanAbsoluteError == 0.5)
        #expect(abs((scores.cosine ?? .nan) - 29.0 / 30) < 1e-12)
    }

    @Test func tiesShareRanks() throws {
        // scipy.stats: spearmanr([1, 2, 2, 3], [1, 3, 2, 2]) = 0.5, kendalltau = 0.4.
        let scores = try Faithfulness(truth: [1, 2, 2, 3], predicted: [1, 3, 2, 2])
        #expect(abs((scores.spearman ?? .nan) - 0.5) < 1e-12)
        #expect(abs((scores.kendall ?? .nan) - 0.4) < 1e-12)
    }

    /// Few distinct values, so that there are ties on either side and on both.
    @Test("Kendall's τ-b is that of all pairs counted", arguments: [2, 3, 5, 17, 64, 300], [2, 7, 1000])
    func kendallCountsPairs(count: Int, distinct: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count * 1009 + distinct))
        for _ in 0..<5 {
            let truth = (0..<count).map { _ in Double(Int.random(in: 0..<distinct, using: &generator)) }
            let predicted = truth.map { $0 + Double(Int.random(in: 0..<distinct, using: &generator)) }
            var (concordance, pairsTruth, pairsPredicted) = (0.0, 0.0, 0.0)
            for i in 0..<count {
                for j in 0..<i {
                    let x: Double = truth[i] == truth[j] ? 0 : truth[i] > truth[j] ? 1 : -1
                    let y: Double = predicted[i] == predicted[j] ? 0 : predicted[i] > predicted[j] ? 1 : -1
                    concordance += x * y
                    pairsTruth += x * x
                    pairsPredicted += y * y
                }
            }
            let expected =
                pairsTruth > 0 && pairsPredicted > 0 ? concordance / (pairsTruth * pairsPredicted).squareRoot() : nil
            #expect(try Faithfulness(truth: truth, predicted: predicted).kendall == expected)
        }
    }

    @Test func kendallOfAsManyValuesAsMayBeAskedFor() throws {
        let truth = (0..<65_536).map { Double($0 * 31_337 % 65_536) }
        #expect(try Faithfulness(truth: truth, predicted: truth).kendall == 1)
        #expect(try Faithfulness(truth: truth, predicted: truth.map { -$0 }).kendall == -1)
    }

    @Test func constantValuesHaveNoCorrelation() throws {
        let scores = try Faithfulness(truth: [2, 2, 2], predicted: [1, 2, 3])
        #expect(scores.rSquared == nil && scores.pearson == nil && scores.kendall == nil)
        #expect(throws: InteractionError.self) { try Faithfulness(truth: [], predicted: []) }
    }

    @Test func evaluationCoalitionsFollowTheirDistribution() throws {
        let bernoulli = try evaluationCoalitions(
            imagePlayers: 9, textPlayers: 4, distribution: .bernoulli(0.3), count: 4000, seed: 1)
        let share = bernoulli.reduce(0.0) { $0 + Double($1.image.size + $1.text.size) } / Double(4000 * 13)
        #expect(abs(share - 0.3) < 0.015)
        let shapley = try evaluationCoalitions(
            imagePlayers: 9, textPlayers: 4, distribution: .shapley, count: 6000, seed: 1)
        var sizes = [Double](repeating: 0, count: 14)
        for pair in shapley { sizes[pair.image.size + pair.text.size] += 1 }
        let weights = (1..<13).map { 1 / Double($0 * (13 - $0)) }
        let total = weights.reduce(0, +)
        #expect(sizes[0] == 0 && sizes[13] == 0)
        for size in 1..<13 { #expect(abs(sizes[size] / 6000 - weights[size - 1] / total) < 0.03) }
        let again = try evaluationCoalitions(
            imagePlayers: 9, textPlayers: 4, distribution: .shapley, count: 6000, seed: 1)
        #expect(again.map(\.image) == shapley.map(\.image))
        #expect(again.map(\.text) == shapley.map(\.text))
    }

    @Test(
        "coalitions of the image alone show the whole text",
        arguments: [CoalitionDistribution.bernoulli(0.3), .shapley])
    func imageCoalitionsShowTheWholeText(distribution: CoalitionDistribution) throws {
        let drawn = try evaluationCoalitions(
            imagePlayers: 9, textPlayers: 4, distribution: distribution, count: 3000, seed: 1, showsWholeText: true)
        #expect(drawn.allSatisfy { $0.text == Coalition(full: 4) && $0.image.count == 9 })
        let share = drawn.reduce(0.0) { $0 + Double($1.image.size) } / Double(3000 * 9)
        #expect(abs(share - (distribution == .shapley ? 0.5 : 0.3)) < 0.02)
    }

    @Test("the map is what each image player adds, on average over the other patches, with the whole text shown")
    func mapIsTheReadingWithTheWholeText() throws {
        var values = try randomValues(imagePlayers: 3, textPlayers: 2)
        values.p = 0.3
        let whole = 3..<5
        for i in 0..<3 {
            var expected = 0.0
            let others = (0..<3).filter { $0 != i }
            for bits in 0..<4 {
                let shown = others.indices.filter { bits >> $0 & 1 == 1 }.map { others[$0] }
                let weight = others.indices.reduce(1.0) { $0 * (bits >> $1 & 1 == 1 ? 0.3 : 0.7) }
                let with = values.predict(Coalition(([i] + shown).sorted() + whole, of: 5))
                let without = values.predict(Coalition(shown + whole, of: 5))
                expected += weight * (with - without)
            }
            #expect(abs(values.imageMap[i] - expected) < 1e-12)
        }
        #expect(values.imageMapCorrelation(with: values).map { abs($0 - 1) < 1e-12 } == true)
        let flat = try randomValues(imagePlayers: 3, textPlayers: 2, order: 1)
        #expect(flat.imageMap == Array(flat.first[..<3]))
    }
}

@Suite(.timeLimit(.minutes(10)))
struct CurveTests {
    @Test func anAdditiveGameHasTheAreaOfItsValues() throws {
        // v = 3z₀ + 2z₁ + z₂: keeping the best gives 3, 5, 6 and losing them 1, 3, 6.
        let keep = [0.0, 3, 5, 6]
        let lose = [0.0, 1, 3, 6]
        let curves = try InsertionDeletion(keep: keep, lose: lose, emptyValue: 0, fullValue: 6)
        #expect(curves.leastImportantFirst.count == 51)
        #expect(curves.leastImportantFirst.first == 0 && curves.leastImportantFirst.last == 1)
        // Trapezoids over thirds of 6, exact up to the 51-point grid.
        let exact = (1.5 + 4 + 5.5 - 0.5 - 2 - 4.5) / 18
        #expect(abs(curves.area - exact) < 2e-3)
        #expect(throws: InteractionError.self) {
            try InsertionDeletion(keep: keep, lose: lose, emptyValue: 1, fullValue: 1)
        }
    }

    @Test("curves go from the empty to the full coalition", arguments: [1, 2])
    func coalitions(order: Int) throws {
        let values = try randomValues(imagePlayers: 5, textPlayers: 3, order: order, seed: 4)
        let (keep, lose) = try InsertionDeletion.coalitions(values)
        #expect(keep.map(\.size) == Array(0...8) && lose.map(\.size) == Array(0...8))
        for (best, worst) in zip(keep, lose) { #expect(values.predict(best) >= values.predict(worst) - 1e-9) }
    }
}

@Suite(.timeLimit(.minutes(10)))
struct PointingGameTests {
    static func values(rows: Int, columns: Int, pair: (Int, Int) -> Double) throws -> (InteractionValues, ImagePlayers)
    {
        let patches = rows * columns
        var entries: [ShapiqInteractionValues.Entry] = []
        for t in 0..<2 {
            for patch in 0..<patches { entries.append(.init(key: "\(patch),\(patches + t)", value: pair(patch, t))) }
        }
        let values = try ShapiqInteractionValues(
            players: patches + 2, index: .banzhaf, maxOrder: 2, minOrder: 0, estimated: true, estimationBudget: nil,
            baselineValue: 0,
            entries: entries
        ).interactionValues(imagePlayers: patches)
        return (values, try ImagePlayers(patchRows: rows, patchColumns: columns))
    }

    @Test func pairsInTheRightQuadrantScoreOne() throws {
        let (values, image) = try Self.values(rows: 4, columns: 4) { patch, t in
            let inside = t == 0 ? patch / 4 < 2 && patch % 4 < 2 : patch / 4 >= 2 && patch % 4 >= 2
            return inside ? 1 : -0.5
        }
        let right = [(textPlayers: [0], quadrant: Quadrant.topLeft), (textPlayers: [1], quadrant: .bottomRight)]
        let wrong = [(textPlayers: [1], quadrant: Quadrant.topLeft), (textPlayers: [0], quadrant: .bottomRight)]
        #expect(try values.pointingGame(right, image: image) == 1)
        // Positive outside and negative inside do not count: of 4·1 + 12·0.5 only the other quadrants' 8·0.5 are right.
        let score = try #require(try values.pointingGame(wrong, image: image))
        #expect(abs(score - 0.4) < 1e-12)
    }

    @Test func theMiddleOfAnOddGridDoesNotCount() throws {
        let (values, image) = try Self.values(rows: 3, columns: 3) { patch, _ in
            patch == 0 ? 1 : patch == 4 || patch == 1 ? -100 : 0
        }
        #expect(try values.pointingGame([(textPlayers: [0], quadrant: .topLeft)], image: image) == 1)
        let regions = try ImagePlayers(patchRows: 3, patchColumns: 3, regions: Array(0..<9))
        #expect(throws: InteractionError.self) {
            try values.pointingGame([(textPlayers: [0], quadrant: .topLeft)], image: regions)
        }
    }
}
