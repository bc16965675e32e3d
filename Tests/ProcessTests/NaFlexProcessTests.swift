import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import Testing

private let caption = "a red dog"

/// A small SigLIP2 NaFlex model, whose grid of patches follows the picture's shape: at most 15 patches.
@Suite("Pictures in their own aspect ratio, by the running daemon", .serialized, .timeLimit(.minutes(10)))
struct NaFlexProcessTests {
    let daemon: DaemonProcess
    let client: RPCClient
    private let model = DaemonProcess.fixtures + "/siglip2-naflex-small"

    init() throws {
        daemon = try DaemonProcess(["--precision", "f32"])
        client = try daemon.connect()
    }

    /// A picture with a gradient: red to the right, green downwards.
    private func picture(_ width: Int, _ height: Int) -> ImageInput {
        var bytes = Data()
        for y in 0..<height {
            for x in 0..<width { bytes.append(contentsOf: [UInt8(255 * x / width), UInt8(255 * y / height), 90]) }
        }
        return ImageInput(.pixels(bytes.base64EncodedString(), width: width, height: height))
    }

    private func open(_ width: Int, _ height: Int, players: PlayersChoice? = nil) throws -> ExplanationOpen.Result {
        try client.call(
            ExplanationOpen.self,
            .init(model: model, image: picture(width, height), text: caption, players: players))
    }

    private func refine(_ opened: ExplanationOpen.Result) throws -> ExplanationRefine.Result {
        try client.call(
            ExplanationRefine.self,
            .init(explanation: opened.explanation, rules: .init(budget: Budget(imageMasks: 80))))
    }

    @Test(
        "the players' grid follows the picture, and their boxes cover it",
        arguments: [
            (300, 260, 3, 4), (300, 80, 2, 7), (60, 260, 7, 2), (16, 16, 3, 3), (10_000, 1, 1, 15), (1, 10_000, 15, 1),
        ])
    func grids(width: Int, height: Int, rows: Int, columns: Int) throws {
        let opened = try open(width, height)
        let image = try #require(opened.players.image)
        #expect((image.rows, image.columns, image.count) == (rows, columns, rows * columns))
        let area = image.boxes.reduce(0.0) { $0 + ($1[2] - $1[0]) * ($1[3] - $1[1]) }
        #expect(abs(area - Double(width * height)) < 1e-6 * Double(width * height))
        let corner = [
            Double(width * (columns - 1)) / Double(columns), Double(height * (rows - 1)) / Double(rows), Double(width),
            Double(height),
        ]
        // Replies have nine digits of a number.
        let tolerance = 1e-8 * Double(max(width, height))
        #expect(zip(try #require(image.boxes.last), corner).allSatisfy { abs($0 - $1) < tolerance })
        let result = try refine(opened)
        #expect(result.values.first.doubles.count == rows * columns + opened.players.text.count)
    }

    @Test("the model's shape says that the grid is the picture's")
    func shape() throws {
        let loaded = try client.call(ModelsLoad.self, .init(model: model))
        #expect(loaded.architecture == "siglip2")
        #expect(loaded.image == ImageShape(width: 48, height: 48, rows: 3, columns: 3, mostPatches: 15))
    }

    @Test("coarser grids and regions are of the picture's patches")
    func playersOfAPicture() throws {
        let grid = try open(300, 80, players: .init(image: .init(grid: .init(rows: 1, columns: 7))))
        #expect(grid.players.image?.count == 7)
        let regions = try open(300, 80, players: .init(image: .init(regions: (0..<14).map { $0 % 7 < 3 ? 0 : 1 })))
        #expect(regions.players.image?.count == 2)
        #expect(regions.players.image?.regions?.count == 14)
        _ = try refine(regions)
        let error = client.failure(
            ExplanationOpen.self,
            .init(
                model: model, image: picture(300, 80), text: caption,
                players: .init(image: .init(grid: .init(rows: 3, columns: 3)))))
        #expect(error?.message.contains("3×3 players are finer than the image's 2×7 patches") == true)
        let labels = client.failure(
            ExplanationOpen.self,
            .init(
                model: model, image: picture(300, 80), text: caption,
                players: .init(image: .init(regions: [0, 1, 1, 0]))))
        #expect(labels?.message.contains("2×7 = 14 patches") == true)
    }

    @Test("pictures of other shapes and the same pixels are other games")
    func sameBytes() throws {
        func grey(_ width: Int, _ height: Int) -> ImageInput {
            let bytes = Data(repeating: 200, count: 3 * width * height)
            return ImageInput(.pixels(bytes.base64EncodedString(), width: width, height: height))
        }
        for (width, height) in [(224, 32), (32, 224)] {
            let opened = try client.call(
                ExplanationOpen.self, .init(model: model, image: grey(width, height), text: caption))
            #expect(opened.players.image?.count == 7)
            _ = try refine(opened)
        }
        #expect(try client.call(ServerStatus.self).games.image.count == 2)
    }

    @Test("explanations of grids that differ are drawn, compared, exported and read back")
    func readings() throws {
        let (wide, tall) = (try open(300, 80), try open(60, 260))
        for opened in [wide, tall] {
            _ = try refine(opened)
            for format in RenderFormat.allCases {
                let page = try client.call(
                    ExplanationRender.self, .init(explanation: opened.explanation, options: .init(format: format)))
                #expect(!page.content.isEmpty)
            }
        }
        let compared = try client.call(
            ExplanationCompare.self, .init(explanations: [wide.explanation, tall.explanation]))
        #expect((compared.grid.rows, compared.grid.columns) == (7, 7))
        let file = try client.call(
            ExplanationExport.self, .init(explanation: wide.explanation, format: .shapiq)
        ).content
        let back = try client.call(
            ExplanationImport.self, .init(model: model, image: picture(300, 80), text: caption, content: file))
        #expect(back.players == wide.players)
        #expect(
            client.failure(
                ExplanationImport.self, .init(model: model, image: picture(16, 16), text: caption, content: file))
                != nil)
    }

    @Test("embeddings and similarities of pictures of several shapes come in one request")
    func embeddings() throws {
        let shapes = [(300, 260), (300, 80), (60, 260), (1, 10_000)]
        let together = try client.call(
            EmbedImage.self, .init(model: model, images: shapes.map { picture($0.0, $0.1) }))
        for (index, (width, height)) in shapes.enumerated() {
            let alone = try client.call(EmbedImage.self, .init(model: model, images: [picture(width, height)]))
            #expect(alone.embeddings[0] == together.embeddings[index])
        }
    }
}
