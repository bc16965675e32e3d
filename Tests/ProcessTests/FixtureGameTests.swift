import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import Testing

/// Models in their real layouts, loaded by the real daemon, held against the reference library's numbers.
@Suite("Fixture models", .serialized, .timeLimit(.minutes(10)))
struct FixtureGameTests {
    static let models = ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"]

    struct Game: Sendable, CustomTestStringConvertible {
        let model: String
        let index: IndexChoice
        let p: Double?
        let order: Int
        var sampling = SamplingChoice.crossed
        var testDescription: String { "\(model) \(index) \(p.map { "p=\($0)" } ?? "") order \(order) \(sampling)" }
    }

    static let games: [Game] = models.flatMap { model in
        [1, 2].flatMap { order in
            [0.3, 0.5, 0.7].map { Game(model: model, index: .banzhaf, p: $0, order: order) }
                + [
                    Game(model: model, index: .shapley, p: nil, order: order),
                    Game(model: model, index: .shapley, p: nil, order: order, sampling: .joint),
                    Game(model: model, index: .banzhaf, p: 0.3, order: order, sampling: .joint),
                ]
        }
    }

    /// What the reference library gives.
    private struct Reference: Decodable {
        struct Text: Decodable {
            let text: String
            let ids: [Int]
            let embedding: [Double]
            let logit: Double
        }

        struct Coefficients: Decodable {
            let order1, order2: [Double]
        }

        struct Game: Decodable {
            let text: String
            let imagePlayers, textPlayers: Int
            let empty, full: Double
            /// Bits of the image's players, bits of the text's, and the logit of that coalition.
            let logits: [[Double]]
            private let banzhaf3, banzhaf5, banzhaf7, shapley: Coefficients

            private enum CodingKeys: String, CodingKey {
                case text, empty, full, shapley
                case imagePlayers = "n_image"
                case textPlayers = "n_text"
                case logits = "logit_at"
                case banzhaf3 = "banzhaf0.3"
                case banzhaf5 = "banzhaf0.5"
                case banzhaf7 = "banzhaf0.7"
            }

            func coefficients(_ game: FixtureGameTests.Game) -> [Double] {
                let own =
                    switch game.p {
                    case nil: shapley
                    case 0.3: banzhaf3
                    case 0.5: banzhaf5
                    default: banzhaf7
                    }
                return game.order == 1 ? own.order1 : own.order2
            }
        }

        let texts: [Text]
        let imageEmbedding: [Double]
        let game: Game

        private enum CodingKeys: String, CodingKey {
            case texts, game
            case imageEmbedding = "image_embedding"
        }

        init(_ model: String) throws {
            self = try JSONValue(contentsOf: "\(DaemonProcess.fixtures)/\(model)/expected.json").decode(Reference.self)
        }
    }

    private static func path(_ model: String) -> String { "\(DaemonProcess.fixtures)/\(model)" }
    private static let image = ImageInput(.text(DaemonProcess.fixtures + "/scene.png"))

    @Test("with every mask used, coefficients are those of the reference", arguments: games)
    func coefficients(game: Game) throws {
        let daemon = try DaemonProcess(["--precision", "f32", "--max-image-masks", "131072"])
        let client = try daemon.connect()
        let reference = try Reference(game.model).game
        let opened = try client.call(
            ExplanationOpen.self,
            .init(
                model: Self.path(game.model), image: Self.image, text: reference.text, index: game.index, p: game.p,
                order: game.order, players: .init(text: .tokens), estimator: .leastSquares, sampling: game.sampling))
        #expect(opened.players.image?.count == reference.imagePlayers)
        #expect(opened.players.text.count == reference.textPlayers)
        for (found, wanted) in [(opened.emptyValue, reference.empty), (opened.fullValue, reference.full)] {
            #expect(abs(found - wanted) <= 1e-2 * max(1, abs(wanted)))
        }
        let all =
            game.sampling == .joint
            ? Budget(imageMasks: 1 << (reference.imagePlayers + reference.textPlayers))
            : Budget(imageMasks: 1 << reference.imagePlayers, textMasks: 1 << reference.textPlayers)
        let refined = try client.call(
            ExplanationRefine.self, .init(explanation: opened.explanation, rules: .init(budget: all)))
        #expect(refined.stopReason == .exhausted)
        let values = refined.values
        let found = [values.baseline] + values.first.doubles + (values.pairs?.data?.doubles ?? [])
        let wanted = reference.coefficients(game)
        try #require(found.count == wanted.count)
        let scale = wanted.map(abs).max() ?? 1
        let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= 5e-3 * scale, "largest difference \(worst / scale) of the largest coefficient")
    }

    @Test("values of coalitions are the reference's, before and after the first estimate", arguments: models)
    func coalitions(model: String) throws {
        let daemon = try DaemonProcess(["--precision", "f32"])
        let client = try daemon.connect()
        let reference = try Reference(model).game
        let handle = try client.call(
            ExplanationOpen.self,
            .init(
                model: Self.path(model), image: Self.image, text: reference.text, players: .init(text: .tokens))
        ).explanation
        let coalitions = reference.logits.map { row in
            let bits = (Int(row[1]) << reference.imagePlayers) | Int(row[0])
            return (0..<32).filter { bits >> $0 & 1 == 1 }
        }
        let parameters = ExplanationCoalitions.Parameters(explanation: handle, coalitions: coalitions)
        let found = try client.call(ExplanationCoalitions.self, parameters)
        #expect(found.predicted == nil)
        #expect(found.values.count == reference.logits.count)
        for (row, value) in zip(reference.logits, found.values) {
            #expect(abs(value - row[2]) <= 1e-2 * max(1, abs(row[2])))
        }
        _ = try client.call(
            ExplanationRefine.self,
            .init(explanation: handle, values: Selection(layout: .init(pairs: PairSelection.none))))
        let refined = try client.call(ExplanationCoalitions.self, parameters)
        #expect(refined.values == found.values)
        #expect(refined.predicted?.count == reference.logits.count)
    }

    @Test("similarity, logits and embeddings are those of the reference", arguments: models)
    func similarity(model: String) throws {
        let daemon = try DaemonProcess(["--precision", "f32"])
        let client = try daemon.connect()
        let reference = try Reference(model)
        let folder = Self.path(model)
        let strings = reference.texts.map(\.text)

        func cosine(_ a: EncodedFloats?, _ b: [Double]) -> Double {
            let a = a?.doubles ?? []
            let dot = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
            let length = { (v: [Double]) in v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            return dot / (length(a) * length(b))
        }
        let embedded = try client.call(EmbedImage.self, .init(model: folder, images: [Self.image])).embeddings
        #expect(cosine(embedded[0], reference.imageEmbedding) >= 0.9999)

        let embeddedTexts = try client.call(EmbedText.self, .init(model: folder, texts: strings)).embeddings
        let tokenized = try client.call(Tokenize.self, .init(model: folder, texts: strings)).texts
        let logits = try client.call(
            Similarity.self, .init(model: folder, images: [Self.image], texts: strings)
        ).logits[0]
        try #require(embeddedTexts.count == strings.count && tokenized.count == strings.count)
        try #require(logits.count == strings.count)
        for (index, text) in reference.texts.enumerated() {
            #expect(tokenized[index].ids == text.ids)
            #expect(cosine(embeddedTexts[index], text.embedding) >= 0.99999)
            #expect(abs(Double(logits[index] ?? .nan) - text.logit) <= 1e-2 * max(1, abs(text.logit)))
        }
    }
}
