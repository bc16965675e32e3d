import Foundation
import JSON
import JSONRPC
import Testing

private let caption = "a postbox next to a cocktail glass"

@Suite("Comparisons by the running daemon", .serialized)
struct CompareProcessTests {
    let daemon: DaemonProcess
    let client: RPCClient

    init() throws {
        daemon = try DaemonProcess(["--precision", "f32"])
        client = try daemon.connect()
    }

    /// An explanation with its own values, by which a comparison is judged.
    private struct Explained {
        let id: JSONValue
        let rows: Int
        let columns: Int
        /// First-order readings of the image's and the text's players.
        let image: [Double]
        let text: [Double]
        /// `[text players, image players]`.
        let crossModal: [Double]
    }

    private func explain(scene: Int = 3, _ text: String = caption, model: String? = nil) throws -> Explained {
        var parameters: JSONValue = [
            "image": .string(DaemonProcess.scenes + "/scene-0\(scene).png"), "text": .string(text),
            "players": ["text": "words"],
        ]
        if let model { parameters = parameters.adding(["model": .string("\(DaemonProcess.fixtures)/\(model)")]) }
        let opened = try client.call("explanation/open", params: parameters)
        let id = try #require(opened["explanation"])
        let refined = try client.call(
            "explanation/refine",
            params: [
                "explanation": id, "budget": ["imageMasks": 100],
                "values": ["pairs": "crossModal", "standardErrors": true],
            ])
        let values = try #require(refined["values"])
        let grid = try #require(opened["players"]?["image"])
        let count = try #require(grid["count"]?.int)
        let readings = try #require(values["firstOrderReading"]?.doubles)
        return Explained(
            id: id, rows: try #require(grid["rows"]?.int), columns: try #require(grid["columns"]?.int),
            image: Array(readings.prefix(count)), text: Array(readings.dropFirst(count)),
            crossModal: try #require(values["pairs"]?["data"]?.doubles))
    }

    private func compare(_ a: Explained, _ b: Explained) throws -> JSONValue {
        try client.call("explanation/compare", params: ["explanations": [a.id, b.id]])
    }

    /// Values come in single precision.
    private func areClose(_ a: [Double], _ b: [Double]) -> Bool {
        let scale = (a + b).map(abs).max() ?? 1
        return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * scale }
    }

    private func strings(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }

    @Test("two captions of one image: words that both have side by side, the others where they stand")
    func twoCaptions() throws {
        let first = try explain()
        let second = try explain("a red postbox next to a glass")
        let result = try compare(first, second)
        #expect(strings(result["words"]) == ["a", "red", "postbox", "next", "to", "a", "cocktail", "glass"])
        let sides = try #require(result["sides"]?.array)
        #expect(sides.map { $0["explanation"] } == [first.id, second.id])
        for (side, explained, missing) in [(sides[0], first, 1), (sides[1], second, 6)] {
            #expect(areClose(side["image"]?.doubles ?? [], explained.image))
            let words = try #require(side["words"]?.array)
            #expect(words.count == 8 && words[missing] == .null)
            #expect(areClose(words.compactMap(\.double), explained.text))
            let rows = try #require(side["crossModal"]?.array).map(\.doubles)
            #expect(rows[missing].allSatisfy { $0 == 0 })
            #expect(
                areClose(rows.enumerated().filter { $0.offset != missing }.flatMap(\.element), explained.crossModal))
        }
        let correlation = try #require(result["imageCorrelation"]?.double)
        #expect(correlation > -1 && correlation < 1)
        #expect(result["wordCorrelation"]?.double != nil && result["crossModalCorrelation"]?.double != nil)
    }

    @Test("two images of one caption: each side has its own patches, the words are shared")
    func twoImages() throws {
        let first = try explain()
        let second = try explain(scene: 4)
        let result = try compare(first, second)
        #expect(strings(result["words"]) == caption.split(separator: " ").map(String.init))
        #expect(result["grid"] == ["rows": .integer(Int64(first.rows)), "columns": .integer(Int64(first.columns))])
        for (side, explained) in zip(try #require(result["sides"]?.array), [first, second]) {
            #expect(areClose(side["image"]?.doubles ?? [], explained.image))
            #expect(areClose(side["words"]?.doubles ?? [], explained.text))
            #expect(areClose((side["crossModal"]?.array ?? []).flatMap(\.doubles), explained.crossModal))
        }
        #expect(result["wordCorrelation"]?.double != nil)
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
            #expect(result["grid"] == ["rows": 7, "columns": 7])
            try #require(strings(result["words"]) == words)
            for (side, explained) in zip(try #require(result["sides"]?.array), [pair.0, pair.1]) {
                let cells = try #require(side["image"]?.doubles)
                #expect(areClose(cells, Self.spread(explained.image, explained.rows, over: 7)))
                #expect(areClose(side["words"]?.doubles ?? [], explained.text))
                let rows = try #require(side["crossModal"]?.array).map(\.doubles)
                let patches = explained.image.count
                for (word, row) in rows.enumerated() {
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
        #expect(abs((result["imageCorrelation"]?.double ?? 0) - 1) < 1e-9)
        #expect(abs((result["crossModalCorrelation"]?.double ?? 0) - 1) < 1e-9)
        let opened = try client.call(
            "explanation/open",
            params: ["image": .string(DaemonProcess.scenes + "/scene-05.png"), "text": .string(caption)])
        let empty = try #require(opened["explanation"])
        #expect(client.failure("explanation/compare", ["explanations": [one.id, empty]])?.code == 1009)
        #expect(client.failure("explanation/compare", ["explanations": [one.id]])?.code == RPCError.Code.invalidParams)
        #expect(client.failure("explanation/compare", ["explanations": [one.id, "x9-none"]])?.code == 1008)
    }
}
