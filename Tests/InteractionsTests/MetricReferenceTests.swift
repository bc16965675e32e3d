import Foundation
import Interactions
import Testing

/// The metrics against NumPy and SciPy (`tools/fixtures/metrics.py`) on random explanations, few players and many.
@Suite(.timeLimit(.minutes(10)))
struct MetricReferenceTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Target: Decodable, Sendable {
            let textPlayers: [Int]
            let quadrant: Quadrant
        }

        let rows, columns, textPlayers, order: Int
        let baseline: Double
        let first, pairs: [Double]
        let keep, lose: [[Int]]
        let keepValues, loseValues, leastImportantFirst, mostImportantFirst: [Double]
        let area: Double
        let drawn: [[Int]]
        let truth: [Double]
        let rSquared, pearson, spearman, kendall, meanSquaredError, meanAbsoluteError, cosine: Double
        let targets: [Target]
        let pointingGame: Double?

        var testDescription: String { "\(rows)×\(columns) patches, \(textPlayers) words, order \(order)" }

        func values() throws -> InteractionValues {
            var entries = [ShapiqInteractionValues.Entry(key: "Empty", value: baseline)]
            entries += first.enumerated().map { .init(key: "\($0.offset)", value: $0.element) }
            var next = 0
            if order == 2 {
                for i in first.indices {
                    for j in first.indices where j > i {
                        entries.append(.init(key: "\(i),\(j)", value: pairs[next]))
                        next += 1
                    }
                }
            }
            return try ShapiqInteractionValues(
                players: first.count, index: .banzhaf, maxOrder: order, minOrder: 0, estimated: true,
                estimationBudget: nil,
                baselineValue: 0, entries: entries
            ).interactionValues(imagePlayers: rows * columns)
        }
    }

    static let cases: [Case] = {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/metrics.json")
        guard let data = try? Data(contentsOf: fixture) else { return [] }
        return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
    }()

    @Test func thereAreCases() { #expect(Self.cases.count == 8) }

    @Test("subsets are those of the greedy search, curves and area those of 51 points", arguments: cases)
    func curves(_ expected: Case) throws {
        let (keep, lose) = try InsertionDeletion.coalitions(try expected.values())
        #expect(keep.map(\.members) == expected.keep)
        #expect(lose.map(\.members) == expected.lose)
        let found = try InsertionDeletion(
            keep: expected.keepValues, lose: expected.loseValues, emptyValue: expected.keepValues[0],
            fullValue: try #require(expected.keepValues.last))
        for (one, other) in [
            (found.leastImportantFirst, expected.leastImportantFirst),
            (found.mostImportantFirst, expected.mostImportantFirst),
        ] {
            #expect(one.count == 51 && zip(one, other).allSatisfy { abs($0 - $1) < 1e-9 * max(1, abs($1)) })
        }
        #expect(abs(found.area - expected.area) < 1e-9 * max(1, abs(expected.area)))
    }

    @Test("faithfulness", arguments: cases)
    func faithfulness(_ expected: Case) throws {
        let values = try expected.values()
        let found = try Faithfulness(
            truth: expected.truth, predicted: expected.drawn.map { values.predict(Coalition($0, of: values.players)) })
        for (one, other) in [
            (found.rSquared, expected.rSquared), (found.pearson, expected.pearson), (found.spearman, expected.spearman),
            (found.kendall, expected.kendall), (found.meanSquaredError, expected.meanSquaredError),
            (found.meanAbsoluteError, expected.meanAbsoluteError), (found.cosine, expected.cosine),
        ] {
            #expect(abs((one ?? .nan) - other) < 1e-9)
        }
    }

    @Test("pointing game", arguments: cases.filter { $0.order == 2 })
    func pointingGame(_ expected: Case) throws {
        let values = try expected.values()
        let score = try values.pointingGame(
            expected.targets.map { ($0.textPlayers, $0.quadrant) },
            image: try ImagePlayers(patchRows: expected.rows, patchColumns: expected.columns))
        #expect(abs(try #require(score) - (try #require(expected.pointingGame))) < 1e-12)
    }
}
