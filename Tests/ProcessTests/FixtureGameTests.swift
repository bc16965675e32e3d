import Foundation
import JSON
import JSONRPC
import Testing

/// Models in their real layouts, loaded by the real daemon, held against the reference library's numbers.
@Suite("Fixture models", .serialized)
struct FixtureGameTests {
    static let models = ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"]

    struct Game: Sendable, CustomTestStringConvertible {
        let model: String
        let index: String
        let p: Double?
        let order: Int
        var sampling = "crossed"
        var testDescription: String { "\(model) \(index) \(p.map { "p=\($0)" } ?? "") order \(order) \(sampling)" }
        var name: String { index == "banzhaf" ? "banzhaf\(p ?? 0)" : "shapley" }
    }

    static let games: [Game] = models.flatMap { model in
        [1, 2].flatMap { order in
            [0.3, 0.5, 0.7].map { Game(model: model, index: "banzhaf", p: $0, order: order) }
                + [
                    Game(model: model, index: "shapley", p: nil, order: order),
                    Game(model: model, index: "shapley", p: nil, order: order, sampling: "joint"),
                    Game(model: model, index: "banzhaf", p: 0.3, order: order, sampling: "joint"),
                ]
        }
    }

    private func expected(_ model: String) throws -> JSONValue {
        try JSONValue(contentsOf: "\(DaemonProcess.fixtures)/\(model)/expected.json")
    }

    @Test("with every mask used, coefficients are those of the reference", arguments: games)
    func coefficients(game: Game) throws {
        let daemon = try DaemonProcess(["--precision", "f32", "--max-image-masks", "131072"])
        let client = try daemon.connect()
        let reference = try #require(try expected(game.model)["game"])
        var open: JSONValue = [
            "model": .string("\(DaemonProcess.fixtures)/\(game.model)"),
            "image": .string("\(DaemonProcess.fixtures)/scene.png"), "text": try #require(reference["text"]),
            "index": .string(game.index), "order": .integer(Int64(game.order)), "estimator": "leastSquares",
            "sampling": .string(game.sampling),
        ]
        if let p = game.p { open = open.adding(["p": .real(p)]) }
        let opened = try client.call("explanation/open", params: open)
        let imagePlayers = try #require(reference["n_image"]?.int)
        let textPlayers = try #require(reference["n_text"]?.int)
        #expect(opened["players"]?["image"]?["count"]?.int == imagePlayers)
        #expect(opened["players"]?["text"]?.array?.count == textPlayers)
        for (key, value) in [("empty", "emptyValue"), ("full", "fullValue")] {
            let wanted = try #require(reference[key]?.double)
            let found = try #require(opened[value]?.double)
            #expect(abs(found - wanted) <= 1e-2 * max(1, abs(wanted)))
        }
        let refined = try client.call(
            "explanation/refine",
            params: [
                "explanation": try #require(opened["explanation"]),
                "budget": game.sampling == "joint"
                    ? ["imageMasks": .integer(1 << Int64(imagePlayers + textPlayers))]
                    : [
                        "imageMasks": .integer(1 << Int64(imagePlayers)),
                        "textMasks": .integer(1 << Int64(textPlayers)),
                    ],
            ])
        #expect(refined["stopReason"] == "exhausted")
        let values = try #require(refined["values"])
        let found =
            [values["baseline"]?.double ?? .nan] + (values["first"]?.doubles ?? [])
            + (values["pairs"]?["data"]?.doubles ?? [])
        let wanted = try #require(reference[game.name]?["order\(game.order)"]?.doubles)
        try #require(found.count == wanted.count)
        let scale = wanted.map(abs).max() ?? 1
        let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= 5e-3 * scale, "largest difference \(worst / scale) of the largest coefficient")
    }

    @Test("values of coalitions are the reference's, before and after the first estimate", arguments: models)
    func coalitions(model: String) throws {
        let daemon = try DaemonProcess(["--precision", "f32"])
        let client = try daemon.connect()
        let reference = try #require(try expected(model)["game"])
        let imagePlayers = try #require(reference["n_image"]?.int)
        let opened = try client.call(
            "explanation/open",
            params: [
                "model": .string("\(DaemonProcess.fixtures)/\(model)"),
                "image": .string("\(DaemonProcess.fixtures)/scene.png"),
                "text": try #require(reference["text"]),
            ])
        let handle = try #require(opened["explanation"])
        let cases = try #require(reference["logit_at"]?.array)
        let coalitions = JSONValue.array(
            cases.map { row in
                let bits = ((row[1]?.int ?? 0) << imagePlayers) | (row[0]?.int ?? 0)
                return .array((0..<32).filter { bits >> $0 & 1 == 1 }.map { .integer($0) })
            })
        let parameters: JSONValue = ["explanation": handle, "coalitions": coalitions]
        let found = try client.call("explanation/coalitions", params: parameters)
        #expect(found["predicted"] == nil)
        for (row, value) in zip(cases, found["values"]?.doubles ?? []) {
            let wanted = try #require(row[2]?.double)
            #expect(abs(value - wanted) <= 1e-2 * max(1, abs(wanted)))
        }
        #expect(found["values"]?.array?.count == cases.count)
        _ = try client.call("explanation/refine", params: ["explanation": handle, "values": ["pairs": "none"]])
        let refined = try client.call("explanation/coalitions", params: parameters)
        #expect(refined["values"] == found["values"])
        #expect(refined["predicted"]?.array?.count == cases.count)
    }

    @Test("similarity, logits and embeddings are those of the reference", arguments: models)
    func similarity(model: String) throws {
        let daemon = try DaemonProcess(["--precision", "f32"])
        let client = try daemon.connect()
        let reference = try expected(model)
        let folder = JSONValue.string("\(DaemonProcess.fixtures)/\(model)")
        let image = JSONValue.string("\(DaemonProcess.fixtures)/scene.png")
        let texts = try #require(reference["texts"]?.array)
        let strings = JSONValue.array(texts.compactMap { $0["text"] })

        func cosine(_ a: [Double], _ b: [Double]) -> Double {
            let dot = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
            let length = { (v: [Double]) in v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            return dot / (length(a) * length(b))
        }
        let embedded = try client.call("embed/image", params: ["model": folder, "images": [image]])
        let wanted = try #require(reference["image_embedding"]?.doubles)
        #expect(cosine(embedded["embeddings"]?[0]?.doubles ?? [], wanted) >= 0.9999)

        let embeddedTexts = try client.call("embed/text", params: ["model": folder, "texts": strings])
        let tokenized = try client.call("tokenize", params: ["model": folder, "texts": strings])
        for (index, text) in texts.enumerated() {
            #expect(tokenized["texts"]?[index]?["ids"] == text["ids"])
            let found = embeddedTexts["embeddings"]?[index]?.doubles ?? []
            #expect(cosine(found, text["embedding"]?.doubles ?? []) >= 0.99999)
        }
        let similarity = try client.call(
            "similarity", params: ["model": folder, "images": [image], "texts": strings])
        for (index, text) in texts.enumerated() {
            let logit = try #require(text["logit"]?.double)
            let found = similarity["logits"]?[0]?[index]?.double ?? .nan
            #expect(abs(found - logit) <= 1e-2 * max(1, abs(logit)))
        }
    }
}
