import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import Testing

/// Any two inputs of a model, and vectors, explained by the real daemon.
@Suite("Inner products", .serialized, .timeLimit(.minutes(10)))
struct InnerProductTests {
    private static let scenes = DaemonProcess.scenes
    private static let image = ImageInput(.path(scenes + "/scene-01.png"))
    private static let image2 = ImageInput(.path(scenes + "/scene-04.png"))
    private static let coarse = ImagePlayersChoice(grid: GridShape(rows: 3, columns: 3))

    struct Reference: Sendable, CustomTestStringConvertible {
        let model: String
        let name: String
        var testDescription: String { "\(model): \(name)" }
    }

    private static let names = [
        "image and image", "text and text", "one text rather than another", "vector", "ensemble, runnerUp",
        "ensemble, others",
    ]
    static let references = ["clip-small", "siglip-small"].flatMap { model in
        names.filter { model == "clip-small" || $0 != "one text rather than another" }.map {
            Reference(model: model, name: $0)
        }
    }

    @Test("with every mask used, coefficients are those of the reference library's embeddings", arguments: references)
    func coefficients(reference: Reference) throws {
        let folder = "\(DaemonProcess.fixtures)/\(reference.model)"
        let all = try JSONValue(contentsOf: "\(folder)/inner-products.json")
        let wanted = try #require(all[reference.name])
        var request = try #require(wanted["request"]?.object)
        for member in ["image", "image2"] {
            guard let name = request[member]?.string else { continue }
            request[member] = .string(
                name == "scene" ? DaemonProcess.fixtures + "/scene.png" : Self.scenes + "/quadrants-0.png")
        }
        let daemon = try DaemonProcess(["--precision", "f32", "--max-image-masks", "131072"])
        let client = try daemon.connect()
        var open = try JSONValue.object(request).decode(ExplanationOpen.Parameters.self)
        open.model = folder
        // The reference has tokens where it says nothing else.
        var players = open.players ?? PlayersChoice()
        if open.text != nil, players.text == nil { players.text = .tokens }
        if open.text2 != nil, players.text2 == nil { players.text2 = .tokens }
        open.players = players
        for (key, index, p) in [
            ("banzhaf0.3", IndexChoice.banzhaf, 0.3), ("banzhaf0.5", .banzhaf, 0.5), ("banzhaf0.7", .banzhaf, 0.7),
            ("shapley", .shapley, nil),
        ] as [(String, IndexChoice, Double?)] {
            for order in [1, 2] {
                (open.index, open.p, open.order) = (index, p, order)
                let opened = try client.call(ExplanationOpen.self, open)
                for (found, member) in [(opened.emptyValue, "empty"), (opened.fullValue, "full")] {
                    let value = try #require(wanted[member]?.double)
                    #expect(abs(found - value) <= 5e-3 * max(1, abs(value)))
                }
                let refined = try client.call(
                    ExplanationRefine.self,
                    .init(
                        explanation: opened.explanation,
                        rules: .init(budget: Budget(imageMasks: 512, textMasks: 4096))))
                #expect(refined.stopReason == .exhausted)
                let values = refined.values
                let found = [values.baseline] + values.first.doubles + (values.pairs?.data?.doubles ?? [])
                let numbers = try #require(wanted[key]?["order\(order)"]).decode([Double].self)
                try #require(found.count == numbers.count)
                let scale = numbers.map(abs).max() ?? 1
                let worst = zip(found, numbers).map { abs($0 - $1) }.max() ?? .infinity
                #expect(worst <= 5e-3 * scale, "\(key) order \(order): \(worst / scale) of the largest coefficient")
                _ = try client.call(ExplanationClose.self, .init(explanation: opened.explanation))
            }
        }
    }

    @Test("players are those of the first side, then those of the second, and a pair can be asked for from either")
    func playersInOrder() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        let images = try client.call(
            Explain.self,
            .init(
                open: .init(
                    image: Self.image, image2: Self.image2, players: PlayersChoice(image: Self.coarse)),
                rules: .init(budget: Budget(imageMasks: 64))))
        #expect(images.players.image?.count == 9 && images.players.image2?.count == 49)
        #expect(images.players.text.isEmpty && images.scale == .cosine)
        #expect(images.values.first.doubles.count == 58)

        let handle = try client.call(
            ExplanationOpen.self,
            .init(text: "a red rose", text2: "a rose", players: PlayersChoice(text: .words, text2: .words)))
        #expect(handle.players.text.map(\.token) == ["a", "red", "rose"])
        #expect(handle.players.text2?.map(\.token) == ["a", "rose"] && handle.players.image == nil)
        let refined = try client.call(ExplanationRefine.self, .init(explanation: handle.explanation))
        #expect(refined.stopReason == .exhausted && refined.imageMasks == 0 && refined.textMasks == 8)
        let pairs = try #require(refined.values.pairs?.data?.doubles)
        let row = try client.call(ExplanationCondition.self, .init(explanation: handle.explanation, player: 2))
        #expect(row.text.count == 3 && row.text2?.count == 2 && row.image.isEmpty)
        // Pair (2, 4) is the eighth of (0,1) … (3,4) but one.
        #expect(abs(Double(pairs[8]) - (row.text2?[1] ?? .nan)) < 1e-6)
        let subset = try client.call(
            ExplanationSubset.self, .init(explanation: handle.explanation, size: 2))
        #expect(subset.exact && subset.subsets.first?.players.count == 2)
    }

    @Test("one text rather than another is the difference of the two, with errors smaller than theirs together")
    func ratherThan() throws {
        let daemon = try DaemonProcess(["--precision", "f32"])
        let client = try daemon.connect()
        func explain(_ open: ExplanationOpen.Parameters) throws -> Explain.Result {
            try client.call(
                Explain.self,
                .init(
                    open: open, rules: .init(budget: Budget(imageMasks: 256)),
                    layout: .init(standardErrors: true)))
        }
        let words = PlayersChoice(text: .words)
        let a = try explain(.init(image: Self.image, text: "a dog next to a guitar", players: words))
        let b = try explain(.init(image: Self.image, text: "a dog", players: words))
        let both = try explain(
            .init(
                image: Self.image,
                target: .texts(
                    [TargetText(text: "a dog next to a guitar", weight: 1), TargetText(text: "a dog", weight: -1)],
                    players: .words)))
        #expect(both.target?.label == "a dog next to a guitar rather than a dog")
        #expect(both.players.targets?.map(\.players.count) == [6, 2])
        #expect(abs(both.fullValue - (a.fullValue - b.fullValue)) < 1e-3)
        let (ofA, ofB, ofBoth) = (a.values.first.doubles, b.values.first.doubles, both.values.first.doubles)
        for patch in 0..<49 { #expect(abs(ofBoth[patch] - (ofA[patch] - ofB[patch])) < 1e-3) }
        func errors(_ result: Explain.Result) throws -> [Double] {
            Array(try #require(result.values.standardErrors).firstOrderReading.doubles.prefix(49))
        }
        let apart = zip(try errors(a), try errors(b)).map { ($0 * $0 + $1 * $1).squareRoot() }.reduce(0, +)
        #expect(try errors(both).reduce(0, +) < apart)
    }

    @Test("an image against itself has a cosine of 1, with nothing shown too, so its headline is the centred total")
    func anImageAgainstItself() throws {
        let daemon = try DaemonProcess(["--precision", "f32"])
        let client = try daemon.connect()
        let opened = try client.call(ExplanationOpen.self, .init(image: Self.image, image2: Self.image))
        #expect(abs(opened.fullValue - 1) < 1e-5 && abs(opened.emptyValue - 1) < 1e-5)
        let coalitions = try client.call(
            ExplanationCoalitions.self,
            .init(explanation: opened.explanation, coalitions: [Array(0..<49), Array(49..<98)])
        ).values
        #expect(abs(opened.centeredValue.map { $0 - (2 - coalitions[0] - coalitions[1]) } ?? .nan) < 1e-5)
        #expect(abs(coalitions[0] - coalitions[1]) < 1e-5)
    }

    @Test("what works on explanations works on these")
    func everyReading() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        let requests: [ExplanationOpen.Parameters] = [
            .init(
                image: Self.image, image2: Self.image2,
                players: PlayersChoice(image: Self.coarse, image2: Self.coarse)),
            .init(text: "a red rose", text2: "a rose in a glass"),
            .init(
                image: Self.image,
                target: .texts(
                    [TargetText(text: "a dog", weight: 1), TargetText(text: "a cat", weight: -0.5)], players: .tokens)),
            .init(text: "a dog", target: .embedding(.values((0..<192).map { Float($0 % 7) - 3 }))),
            .init(
                image: Self.image,
                target: .classes(
                    (["dog", "cat", "rose"] as [String]).map {
                        TargetClass(name: $0, prompts: ["a \($0)", "a photo of a \($0)"])
                    },
                    index: 0, against: .others)),
        ]
        for sampling in [SamplingChoice.crossed, .joint] {
            for index in [IndexChoice.banzhaf, .shapley] {
                for var request in requests {
                    (request.sampling, request.index) = (sampling, index)
                    let opened = try client.call(ExplanationOpen.self, request)
                    let id = opened.explanation
                    let refined = try client.call(
                        ExplanationRefine.self,
                        .init(
                            explanation: id, rules: .init(budget: Budget(imageMasks: 96)),
                            values: Selection(layout: .init(standardErrors: true))))
                    #expect(refined.values.first.doubles.allSatisfy { $0.isFinite })
                    let players = refined.values.first.doubles.count
                    let found = try client.call(
                        ExplanationCoalitions.self,
                        .init(explanation: id, coalitions: [[], Array(0..<players), [0]]))
                    #expect(abs(found.values[0] - opened.emptyValue) < 0.02 * max(1, abs(opened.emptyValue)))
                    #expect(abs(found.values[1] - opened.fullValue) < 0.02 * max(1, abs(opened.fullValue)))
                    let measured = try client.call(
                        ExplanationEvaluate.self, .init(explanation: id, metric: .faithfulness, samples: 50))
                    #expect(measured.faithfulness?.rSquared != nil)
                    let curves = try client.call(
                        ExplanationEvaluate.self, .init(explanation: id, metric: .insertionDeletion))
                    #expect(curves.insertionDeletion != nil)
                    let file = try client.call(ExplanationExport.self, .init(explanation: id, format: .shapiq))
                    let imported = try client.call(
                        ExplanationImport.self,
                        .init(
                            image: request.image, text: request.text, image2: request.image2, text2: request.text2,
                            target: request.target, players: request.players, content: file.content))
                    let values = try client.call(
                        ExplanationValues.self, .init(explanation: imported.explanation)
                    ).values
                    #expect(zip(values.first.doubles, refined.values.first.doubles).allSatisfy { abs($0 - $1) < 1e-4 })
                    _ = try client.call(ExplanationClose.self, .init(explanation: imported.explanation))
                    _ = try client.call(ExplanationClose.self, .init(explanation: id))
                }
            }
        }
    }

    @Test("a second query over warm images encodes no mask of them again")
    func queriesShareMasks() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        func masks() throws -> Int { try client.call(ServerStatus.self).games.image.masks }
        func explain(_ target: Target) throws {
            _ = try client.call(
                Explain.self,
                .init(open: .init(image: Self.image, target: target), rules: .init(budget: Budget(imageMasks: 64))))
        }
        try explain(
            .texts([TargetText(text: "a dog", weight: 1), TargetText(text: "a cat", weight: -1)], players: .words))
        let first = try masks()
        try explain(.embedding(.values((0..<192).map { Float($0) })))
        try explain(
            .classes([TargetClass(prompts: ["a dog"]), TargetClass(prompts: ["a cat"])], index: 0, against: .runnerUp))
        #expect(try masks() == first)
    }

    @Test("classes are told by probability, with labels and templates or prompts of their own")
    func classes() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        let result = try client.call(
            Classify.self,
            .init(images: [Self.image, Self.image2], labels: ["rose", "dog"], templates: .own(["a {}", "one {}"])))
        #expect(result.images.map { $0[0].name } == ["dog", "rose"])
        for scores in result.images {
            #expect(abs(scores.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
            #expect(scores[0].logit > scores[1].logit)
        }
        let same = try client.call(
            Classify.self,
            .init(
                images: [Self.image],
                classes: (["rose", "dog"] as [String]).map {
                    TargetClass(name: $0, prompts: ["a \($0)", "one \($0)"])
                }, topK: 1))
        #expect(same.images == [[result.images[0][0]]])
        // With one prompt a class is its embedding.
        let plain = try client.call(Classify.self, .init(images: [Self.image], labels: ["a dog"]))
        let similarity = try client.call(Similarity.self, .init(images: [Self.image], texts: ["a dog"]))
        #expect(abs(plain.images[0][0].logit - (similarity.logits[0][0] ?? .nan)) < 1e-3)
    }

    struct BadRequest: Sendable, CustomTestStringConvertible {
        let method: String
        let parameters: JSONValue
        let says: String
        var testDescription: String { says }

        init(_ parameters: JSONValue, method: String = "explanation/open", says: String) {
            (self.parameters, self.method, self.says) = (parameters, method, says)
        }
    }

    private static let path = JSONValue.string(scenes + "/scene-01.png")
    static let badRequests = [
        BadRequest([:], says: "none is given"),
        BadRequest(["image": path], says: "image is given"),
        BadRequest(["image2": path], says: "image2 is given"),
        BadRequest(["image": path, "text": "a", "image2": path], says: "image, text, image2 are given"),
        BadRequest(["image": path, "text2": "a"], says: "image, text2 are given"),
        BadRequest(
            ["text": "a", "text2": "b", "players": ["image": ["grid": ["rows": 1, "columns": 1]]]],
            says: "there is no \"image\""),
        BadRequest(
            ["image": path, "target": ["embedding": [1, 2, 3]]],
            says: "has 3 numbers, and embeddings of this model have 192"),
        BadRequest(
            ["image": path, "target": ["embedding": .array([JSONValue](repeating: 0, count: 192))]], says: "all zeros"),
        BadRequest(["image": path, "target": ["embedding": "AAAAA"]], says: "must be the base64"),
        BadRequest(
            ["image": path, "target": ["embedding": .string(nanVector)]], says: "not finite"),
        BadRequest(["image": path, "target": ["texts": []]], says: "must not be empty"),
        BadRequest(
            ["image": path, "target": ["texts": [["text": "a dog", "weight": 1], ["text": "a dog", "weight": -1]]]],
            says: "cancel each other"),
        BadRequest(
            ["image": path, "target": ["texts": [["text": "a dog", "weight": 0]]]], says: "other than 0"),
        BadRequest(
            ["image": path, "target": ["classes": [["prompts": []], ["prompts": ["a"]]], "class": 0]],
            says: "what its prompts say"),
        BadRequest(["image": path, "target": ["classes": [["prompts": ["a"]]], "class": 0]], says: "another class"),
        BadRequest(
            ["image": path, "target": ["classes": [["prompts": ["a"]], ["prompts": ["b"]]], "class": 2]],
            says: "from 0 to 1"),
        BadRequest(
            ["image": path, "target": ["classes": [["prompts": ["a"]], ["prompts": ["a"]]], "class": 0]],
            says: "cancel each other"),
        BadRequest(
            [
                "image": path,
                "target": [
                    "classes": .array((0..<10_000).map { ["prompts": [.string("class \($0)")]] as JSONValue }),
                    "class": 0,
                ],
            ], says: "has 10000 classes"),
        BadRequest(
            ["image": path, "target": ["texts": [["text": "a", "weight": 1]], "embedding": [1]]], says: "exactly one of"
        ),
        BadRequest(["image": path, "text": "a", "scale": "degrees"], says: "scale"),
        BadRequest(["images": [path]], method: "classify", says: "\"labels\" must be given"),
        BadRequest(
            ["images": [path], "labels": ["a"], "templates": ["no place"]], method: "classify", says: "must have {}"),
        BadRequest(["images": [path], "labels": []], method: "classify", says: "must not be empty"),
    ]
    private static let nanVector = Data(
        [UInt8](repeating: 0, count: 4 * 191) + [0, 0, 0xC0, 0x7F]
    ).base64EncodedString()

    @Test("what cannot be compared is refused in the user's own terms, and the daemon lives on")
    func badInput() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for bad in Self.badRequests {
            let error = client.failure(bad.method, bad.parameters)
            let message = error?.message ?? "no error"
            #expect(message.contains(bad.says), "\(bad.says): \(message)")
            #expect(error?.code == RPCError.Code.invalidParams)
        }
        #expect(try client.call(ServerPing.self).pid == Int(daemon.pid))
        #expect(try client.call(ExplanationList.self).explanations.isEmpty)
    }
}
