import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import Testing

@Suite("Bad input", .serialized, .timeLimit(.minutes(10)))
struct BadInputProcessTests {
    let daemon: DaemonProcess
    let client: RPCClient
    private let image = ImageInput(.path(DaemonProcess.scenes + "/scene-03.png"))
    /// The same, for parameters that no type can hold.
    let scene = JSONValue.string(DaemonProcess.scenes + "/scene-03.png")

    static let wrongParameters: [(String, JSONValue)] = [
        ("p", 0.0), ("p", 1.0), ("p", 1.5), ("p", "half"), ("order", 3), ("index", "owen"),
        ("estimator", "lasso"), ("masking", "blur"), ("sampling", "grid"), ("colour", "red"), ("seed", -1),
        ("players", ["image": ["grid": ["rows": 99, "columns": 1]]]), ("players", ["image": ["regions": [0, 1]]]),
        ("players", ["image": ["grid": ["rows": 0, "columns": 7]]]), ("players", ["image": ["regions": []]]),
        // The demo's 49 patches: a label left out, a negative one, one patch too many.
        ("players", regions(49, 0, 2)), ("players", regions(49, -1, 0)), ("players", regions(50, 0, 1)),
        ("players", ["image": ["grid": ["rows": 2, "columns": 2], "regions": [0]]]), ("players", ["image": [:]]),
        ("players", ["text": ["spans": [[0, 3], [2, 5]]]]), ("players", ["text": ["spans": [[0, 900]]]]),
        ("players", ["text": ["spans": [[3, 3]]]]), ("players", ["text": ["spans": [[5, 2]]]]),
        ("players", ["text": ["spans": [[-1, 2]]]]),
        ("players", ["text": ["spans": [[0, 1, 2]]]]),
    ]

    /// So many patches in two regions.
    private static func regions(_ patches: Int, _ first: Int64, _ second: Int64) -> JSONValue {
        ["image": ["regions": .array((0..<patches).map { .integer($0 < 20 ? first : second) })]]
    }

    init() throws {
        daemon = try DaemonProcess(["--max-image-pixels", "1000000"])
        client = try daemon.connect()
    }

    /// A copy of a fixture model with one file changed.
    private func model(named name: String, _ change: (URL) throws -> Void) throws -> JSONValue {
        let folder = URL(fileURLWithPath: daemon.folder).appendingPathComponent(name)
        try FileManager.default.copyItem(
            at: URL(fileURLWithPath: DaemonProcess.fixtures + "/clip-small"), to: folder)
        try change(folder)
        return .string(folder.path)
    }

    private func edit(_ file: String, _ old: String, _ new: String) -> (URL) throws -> Void {
        { folder in
            let url = folder.appendingPathComponent(file)
            let text = try String(contentsOf: url, encoding: .utf8)
            #expect(text.contains(old), "\(file) lacks \(old)")
            try text.replacingOccurrences(of: old, with: new).write(to: url, atomically: true, encoding: .utf8)
        }
    }

    /// The handle of an explanation.
    private func open(_ image: ImageInput, _ text: String, grid: Int? = nil) throws -> String {
        let players = grid.map { PlayersChoice(image: .init(grid: GridShape(rows: $0, columns: $0)), text: .words) }
        return try client.call(ExplanationOpen.self, .init(image: image, text: text, players: players)).explanation
    }

    @discardableResult
    private func refine(
        _ handle: String, masks: Int, _ selection: Selection? = nil
    ) throws -> ExplanationRefine.Result {
        try client.call(
            ExplanationRefine.self,
            .init(explanation: handle, rules: .init(budget: Budget(imageMasks: masks)), values: selection))
    }

    private func loadError(_ model: JSONValue) -> RPCError? { client.failure("models/load", ["model": model]) }

    @Test("explanations of other pictures and other words cannot be compared; one thing in common is enough")
    func comparisons() throws {
        func estimated(_ image: ImageInput, _ text: String) throws -> String {
            let handle = try open(image, text)
            try refine(handle, masks: 32)
            return handle
        }
        let other = ImageInput(.path(DaemonProcess.scenes + "/scene-04.png"))
        let postbox = try estimated(image, "a postbox")
        let rose = try estimated(other, "rose")
        let glass = try estimated(image, "glass")
        let failure = client.failure(ExplanationCompare.self, .init(explanations: [postbox, rose]))
        #expect(failure?.code == -32602 && failure?.message.contains("no players in common") == true)
        for (first, second) in [(postbox, glass), (rose, try estimated(image, "a rose"))] {
            #expect(try !client.call(ExplanationCompare.self, .init(explanations: [first, second])).words.isEmpty)
        }
    }

    @Test("models that are none: each is told what is wrong, and the daemon serves on")
    func models() throws {
        let missing = loadError("/nowhere/at/all")
        #expect(missing?.code == 1001)
        #expect(loadError("no-such-model")?.code == 1001)
        let hub = loadError("openai/clip-vit-base-patch32")
        #expect(hub?.code == 1001)
        #expect(hub?.message.contains("hf download openai/clip-vit-base-patch32") == true)
        #expect(loadError(.string(DaemonProcess.scenes))?.code == 1001)

        let truncated = loadError(
            try model(named: "truncated") { folder in
                let file = folder.appendingPathComponent("model.safetensors")
                try Data(contentsOf: file).prefix(100_000).write(to: file)
            })
        #expect(truncated?.code == 1003)
        let lying = loadError(
            try model(named: "lying") { folder in
                let file = folder.appendingPathComponent("model.safetensors")
                var bytes = try Data(contentsOf: file)
                bytes[7] = 0x7F
                try bytes.write(to: file)
            })
        #expect(lying?.code == 1003)
        let activation = loadError(
            try model(named: "activation", edit("config.json", "\"quick_gelu\"", "\"mish\"")))
        #expect(activation?.code == 1002)
        #expect(activation?.message.contains("hidden_act") == true && activation?.message.contains("mish") == true)
        let shape = loadError(
            try model(named: "shape", edit("config.json", "\"intermediate_size\": 288", "\"intermediate_size\": 280")))
        #expect(shape?.code == 1003)
        #expect(shape?.message.contains("fc1") == true)
        let bert = loadError(
            try model(named: "bert", edit("config.json", "\"model_type\": \"clip\"", "\"model_type\": \"bert\"")))
        #expect(bert?.code == 1002)
        let wordless = loadError(
            try model(named: "wordless") {
                try FileManager.default.removeItem(at: $0.appendingPathComponent("tokenizer.json"))
            })
        #expect(wordless?.message.contains("tokenizer.json") == true)
        let pickle = loadError(
            try model(named: "pickle") {
                try FileManager.default.moveItem(
                    at: $0.appendingPathComponent("model.safetensors"),
                    to: $0.appendingPathComponent("pytorch_model.bin"))
            })
        #expect(pickle?.message.contains("pickle") == true)

        #expect(try client.call(ServerStatus.self).models.isEmpty, "a failed load left something behind")
        #expect(try client.call(ModelsLoad.self, .init(model: "demo")).dimension == 192)
    }

    @Test("images that are none")
    func images() throws {
        func error(_ image: JSONValue) -> RPCError? { client.failure("embed/image", ["images": [scene, image]]) }
        let absent = error("/nowhere.png")
        #expect(absent?.code == 1004)
        #expect(absent?.details?.index == 1)
        #expect(error(.string(DaemonProcess.fixtures + "/clip-small/config.json"))?.code == 1004)
        #expect(error(["data": "bm90IGFuIGltYWdl"])?.code == 1004)
        #expect(error("data:image/png;base64,!!!")?.code == 1004)
        #expect(error(["uri": "https://example.org/a.png"])?.code == 1006)
        #expect(error(["pixels": "AAAA", "width": 2, "height": 2])?.code == 1004)
        #expect(error(["pixels": "AAAA", "width": 20000, "height": 20000])?.code == 1005)
        #expect(error(["path": "a.png", "data": "AAAA"])?.code == RPCError.Code.invalidParams)
        #expect(error(7)?.code == RPCError.Code.invalidParams)

        let partial = try client.call(
            EmbedImage.self, .init(images: [self.image, ImageInput(.path("/nowhere.png")), self.image], onError: .item))
        try #require(partial.embeddings.count == 3)
        #expect(partial.embeddings[1] == nil)
        #expect(partial.embeddings[0] != nil && partial.embeddings[0] == partial.embeddings[2])
        #expect(partial.errors?.first?.index == 1)
        #expect(partial.errors?.first?.kind == "imageUnreadable")
    }

    @Test("parameters out of range are named", arguments: Self.wrongParameters)
    func parameters(name: String, value: JSONValue) throws {
        let parameters: JSONValue = ["image": scene, "text": "a dog"]
        let error = client.failure("explanation/open", parameters.adding([name: value]))
        #expect(error?.code == RPCError.Code.invalidParams)
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "no error")")
    }

    @Test("sizes and players beyond those there are")
    func sizes() throws {
        let handle = try open(image, "a dog", grid: 2)
        try refine(handle, masks: 16)
        let id = JSONValue.string(handle)
        func subset(_ size: JSONValue) -> RPCError? {
            client.failure("explanation/subset", ["explanation": id, "size": size])
        }
        #expect(subset(6) == nil && subset(0) == nil)
        for size in [7, -1, 1_000_000] as [Int64] {
            #expect(subset(.integer(size))?.code == RPCError.Code.invalidParams)
            #expect(subset(.integer(size))?.message.contains("6 players") == true)
        }
        #expect(
            client.failure("explanation/subset", ["explanation": id, "sizes": [1, 7]])?.code
                == RPCError.Code.invalidParams)
        #expect(client.failure("explanation/subset", ["explanation": id])?.code == RPCError.Code.invalidParams)
        #expect(
            client.failure("explanation/subset", ["explanation": id, "size": 1, "sizes": [1]])?.code
                == RPCError.Code.invalidParams)
        for player in [6, -1] as [Int64] {
            #expect(
                client.failure("explanation/condition", ["explanation": id, "player": .integer(player)])?.code
                    == RPCError.Code.invalidParams)
            #expect(
                client.failure("explanation/coalitions", ["explanation": id, "coalitions": [[.integer(player)]]])?.code
                    == RPCError.Code.invalidParams)
        }
    }

    @Test("budgets too small for the order: ridge has its values, least squares says that they are not determined")
    func smallBudgets() throws {
        let handle = try open(image, "a dog", grid: 5)
        func leastSquares(order: Int? = nil, standardErrors: Bool? = nil) throws -> Values {
            let selection = Selection(
                estimator: .leastSquares, order: order, layout: EstimateLayout(standardErrors: standardErrors))
            return try client.call(ExplanationValues.self, .init(explanation: handle, selection: selection)).values
        }
        // Of 326 features of the image.
        for masks in [8, 100] {
            let ridge = try refine(handle, masks: masks, Selection(layout: EstimateLayout(pairs: .all))).values
            #expect(!ridge.rankDeficient)
            #expect(ridge.pairs?.data?.doubles.isEmpty == false)
            let least = try leastSquares(standardErrors: true)
            #expect(least.rankDeficient)
            #expect(least.standardErrors == nil && least.looR2 == nil)
        }
        #expect(try !leastSquares(order: 1).rankDeficient)
    }

    @Test("budgets and handles")
    func budgets() throws {
        let id = JSONValue.string(try open(image, "a dog"))
        for masks in [0, -5, 100_000_000] as [Int64] {
            let error = client.failure(
                "explanation/refine", ["explanation": id, "budget": ["imageMasks": .integer(masks)]])
            #expect(error?.code == 1009)
        }
        #expect(client.failure("explanation/values", ["explanation": id])?.code == 1009)
        #expect(client.failure("explanation/values", ["explanation": "x9-none"])?.code == 1008)
        _ = try client.call("explanation/close", params: ["explanation": id])
        #expect(client.failure("explanation/refine", ["explanation": id])?.code == 1008)
        let paired = client.failure(
            "explanation/open", ["image": scene, "text": "a dog", "p": 0.3, "paired": true])
        #expect(paired?.message.contains("paired") == true)
        let crossedPairs = client.failure(
            "explanation/open", ["image": scene, "text": "a dog", "index": "shapley", "paired": true])
        #expect(crossedPairs?.message.contains("joint") == true)
        let textMasks = client.failure(
            "explain",
            ["image": scene, "text": "a dog", "sampling": "joint", "budget": ["imageMasks": 64, "textMasks": 64]])
        #expect(textMasks?.code == 1009 && textMasks?.message.contains("textMasks") == true)
        let single: JSONValue = ["image": ["grid": ["rows": 1, "columns": 1]]]
        let alone = client.failure(
            "explanation/open",
            ["image": scene, "text": "", "index": "shapley", "sampling": "joint", "players": single])
        #expect(alone?.message.contains("2 players") == true)
        #expect(client.failure("no/such", [:])?.code == RPCError.Code.methodNotFound)
        #expect(daemon.isRunning)
    }
}
