import FIxLIPProtocol
import Foundation
import JSONRPC
import Testing

private let caption = "a postbox next to a cocktail glass"

@Suite("Comparisons by the running daemon", .serialized, .timeLimit(.minutes(10)))
struct CompareProcessTests {
    let daemon: DaemonProcess
    let client: RPCClient

    init() throws {
        daemon = try DaemonProcess(["--precision", "f32"])
        client = try daemon.connect()
    }

    /// An explanation with its own values, by which a comparison is judged.
    private struct Explained {
        let id: String
        let rows: Int
        let columns: Int
        /// First-order readings of the image's and the text's players.
        let image: [Double]
        let text: [Double]
        /// `[text players, image players]`.
        let crossModal: [Double]
    }

    private func explain(scene: Int = 3, _ text: String = caption, model: String? = nil) throws -> Explained {
        let opened = try client.call(
            ExplanationOpen.self,
            .init(
                model: model.map { "\(DaemonProcess.fixtures)/\($0)" },
                image: ImageInput(.text(DaemonProcess.scenes + "/scene-0\(scene).png")), text: text,
                players: .init(text: .words)))
        let values = try client.call(
            ExplanationRefine.self,
            .init(
                explanation: opened.explanation, rules: .init(budget: Budget(imageMasks: 100)),
                values: Selection(layout: .init(pairs: .crossModal, standardErrors: true)))
        ).values
        let grid = try #require(opened.players.image)
        let readings = values.firstOrderReading.doubles
        return Explained(
            id: opened.explanation, rows: grid.rows, columns: grid.columns,
            image: Array(readings.prefix(grid.count)), text: Array(readings.dropFirst(grid.count)),
            crossModal: try #require(values.pairs?.data).doubles)
    }

    private func compare(_ a: Explained, _ b: Explained) throws -> ExplanationCompare.Result {
        try client.call(ExplanationCompare.self, .init(explanations: [a.id, b.id]))
    }

    /// Values come in single precision.
    private func areClose(_ a: [Double], _ b: [Double]) -> Bool {
        let scale = (a + b).map(abs).max() ?? 1
        return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * scale }
    }

    @Test("two captions of one image: words that both have side by side, the others where they stand")
    func twoCaptions() throws {
        let first = try explain()
        let second = try explain("a red postbox next to a glass")
        let result = try compare(first, second)
        #expect(result.words == ["a", "red", "postbox", "next", "to", "a", "cocktail", "glass"])
        let sides = result.sides
        #expect(sides.map(\.explanation) == [first.id, second.id])
        for (side, explained, missing) in [(sides[0], first, 1), (sides[1], second, 6)] {
            #expect(areClose(side.image, explained.image))
            #expect(side.words.count == 8 && side.words[missing] == nil)
            #expect(areClose(side.words.compactMap { $0 }, explained.text))
            let rows = side.crossModal
            #expect(rows[missing].allSatisfy { $0 == 0 })
            #expect(
                areClose(rows.enumerated().filter { $0.offset != missing }.flatMap(\.element), explained.crossModal))
        }
        let correlation = try #require(result.imageCorrelation)
        #expect(correlation > -1 && correlation < 1)
        #expect(result.wordCorrelation != nil && result.crossModalCorrelation != nil)
    }

    @Test("two images of one caption: each side has its own patches, the words are shared")
    func twoImages() throws {
        let first = try explain()
        let second = try explain(scene: 4)
        let result = try compare(first, second)
        #expect(result.words == caption.split(separator: " ").map(String.init))
        #expect(result.grid == GridShape(rows: first.rows, columns: first.columns))
        for (side, explained) in zip(result.sides, [first, second]) {
            #expect(areClose(side.image, explained.image))
            #expect(areClose(side.words.compactMap { $0 }, explained.text))
            #expect(areClose(side.crossModal.flatMap { $0 }, explained.crossModal))
        }
        #expect(result.wordCorrelation != nil)
    }

    /// The tokens of siglip2-small's few pieces run over the ends of words, where both models must have the same words
    /// here.
    @Test(
        "two models with different grids: the finer one, on which the coarser one's patches are shared out by area",
        arguments: [
            ("clip-small", ["a", "dog"]), ("siglip-small", ["a", "dog"]), ("siglip2-small", ["dog"]),
        ])
    func twoModels(model: String, words: [String]) throws {
        let caption = words.joined(separator: " ")
        let fine = try explain(caption)
        let coarse = try explain(caption, model: model)
        #expect(fine.rows == 7 && fine.columns == 7 && coarse.rows == 3 && coarse.columns == 3)
        // In either order.
        for pair in [(fine, coarse), (coarse, fine)] {
            let result = try compare(pair.0, pair.1)
            #expect(result.grid == GridShape(rows: 7, columns: 7))
            try #require(result.words == words)
            for (side, explained) in zip(result.sides, [pair.0, pair.1]) {
                #expect(areClose(side.image, Self.spread(explained.image, explained.rows, over: 7)))
                #expect(areClose(side.words.compactMap { $0 }, explained.text))
                let patches = explained.image.count
                for (word, row) in side.crossModal.enumerated() {
                    let own = Array(explained.crossModal[word * patches..<(word + 1) * patches])
                    #expect(areClose(row, Self.spread(own, explained.rows, over: 7)))
                }
            }
        }
    }

    /// A square grid's values over a finer one, each cell's share that of the area: of the unit square, cut at every
    /// 1/(rows · cells).
    private static func spread(_ values: [Double], _ rows: Int, over cells: Int) -> [Double] {
        var result = [Double](repeating: 0, count: cells * cells)
        let parts = rows * cells
        for y in 0..<parts {
            for x in 0..<parts {
                result[y / rows * cells + x / rows] += values[y / cells * rows + x / cells] / Double(cells * cells)
            }
        }
        return result
    }

    @Test("an explanation is like itself, and one that has no masks cannot be compared")
    func itself() throws {
        let one = try explain()
        let result = try compare(one, one)
        #expect(abs((result.imageCorrelation ?? 0) - 1) < 1e-9)
        #expect(abs((result.crossModalCorrelation ?? 0) - 1) < 1e-9)
        let image = ImageInput(.text(DaemonProcess.scenes + "/scene-05.png"))
        let empty = try client.call(ExplanationOpen.self, .init(image: image, text: caption)).explanation
        #expect(client.failure(ExplanationCompare.self, .init(explanations: [one.id, empty]))?.code == 1009)
        #expect(
            client.failure(ExplanationCompare.self, .init(explanations: [one.id]))?.code == RPCError.Code.invalidParams)
        #expect(client.failure(ExplanationCompare.self, .init(explanations: [one.id, "x9-none"]))?.code == 1008)
    }
}
