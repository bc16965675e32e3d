import FIxLIPProtocol
import Foundation
import JSONRPC
import Testing

private let caption = "a postbox next to a cocktail glass"

@Suite("Drawings by the running daemon", .serialized, .timeLimit(.minutes(10)))
struct DrawingProcessTests {
    let daemon: DaemonProcess
    let client: RPCClient

    init() throws {
        daemon = try DaemonProcess(["--precision", "f32"])
        client = try daemon.connect()
    }

    private func explained(_ image: String, _ text: String = caption, players: PlayersChoice? = nil) throws
        -> ExplanationOpen.Result
    {
        let opened = try client.call(
            ExplanationOpen.self, .init(image: ImageInput(.text(image)), text: text, players: players))
        _ = try client.call(
            ExplanationRefine.self,
            .init(explanation: opened.explanation, rules: .init(budget: Budget(imageMasks: 200))))
        return opened
    }

    private func draw(_ explanation: String, _ options: RenderOptions) throws -> Rendered {
        try client.call(ExplanationRender.self, .init(explanation: explanation, options: options))
    }

    private let scene = DaemonProcess.scenes + "/scene-03.png"

    @Test("words are the players unless tokens are asked for, and drawings call each what it is")
    func wordsAndTokens() throws {
        let text = "a spouting whale 🎸"
        let words = try explained(scene, text)
        #expect(words.players.text.map(\.token) == ["a", "spouting", "whale", "🎸"])
        let tokens = try explained(scene, text, players: .init(text: .tokens))
        #expect(tokens.players.text.count > 4)
        let (ofWords, ofTokens) = (
            try draw(words.explanation, .init(format: .markdown)).content,
            try draw(tokens.explanation, .init(format: .markdown)).content
        )
        #expect(ofWords.contains("Words and patches") && !ofWords.contains("Tokens and patches"))
        #expect(ofTokens.contains("Tokens and patches") && ofTokens.contains("token, logits"))
    }

    @Test("the model is asked about the parts that a drawing names where that is wanted, and says what it says of them")
    func askedParts() throws {
        let opened = try explained(scene)
        func parts(_ options: RenderOptions) throws -> [[String]] {
            let text = try draw(opened.explanation, options).content
            return text.split(separator: "\n").filter { $0.hasPrefix("| only") || $0.hasPrefix("| without") }.map {
                $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            }
        }
        let silent = try parts(.init(format: .markdown))
        #expect(!silent.isEmpty && silent.allSatisfy { $0[2] == "–" })
        let asked = try parts(.init(format: .markdown, askModel: true))
        #expect(asked.map { $0[1] } == silent.map { $0[1] } && asked.map { $0[0] } == silent.map { $0[0] })
        #expect(asked.allSatisfy { Double($0[2].replacing("\u{2212}", with: "-")) != nil })
        #expect(asked.contains { $0[1] != $0[2] }, "the estimate is shown in the model's place")
    }

    @Test("PNG and PDF are files in base64; where librsvg is not installed the error says how to get it")
    func files() throws {
        let opened = try explained(scene)
        for (format, type, beginning) in [
            (RenderFormat.png, "image/png", [0x89, 0x50, 0x4E, 0x47] as [UInt8]),
            (.pdf, "application/pdf", Array("%PDF".utf8)),
        ] {
            do {
                let drawn = try draw(opened.explanation, .init(format: format))
                #expect(drawn.mimeType == type && drawn.encoding == "base64")
                let bytes = try #require(Data(base64Encoded: drawn.content))
                #expect(bytes.starts(with: beginning))
            } catch let error as RPCClientError {
                #expect("\(error)".contains("librsvg2-2"), "\(error)")
            }
        }
        let compact = try draw(opened.explanation, .init(format: .svg, compact: true)).content
        #expect(compact.utf8.count < (try draw(opened.explanation, .init(format: .svg)).content.utf8.count))
        #expect(compact.contains("<mask"))
        #expect(
            !(try draw(opened.explanation, .init(format: .svg, map: .cells, compact: true)).content.contains("<mask")))
    }

    @Test("an embedded photograph is scaled to what is shown, and says nothing beside the picture")
    func embedded() throws {
        let photo = Array(try Data(contentsOf: URL(fileURLWithPath: DaemonProcess.fixtures + "/scene.jpg")))
        // APP1 with EXIF after the signature: big-endian, one entry, ImageDescription (0x010E) as text.
        let secret = Array("taken at 52.5 N 13.4 E\0\0".utf8)
        let tiff =
            Array("MM\0*".utf8) + [0, 0, 0, 8, 0, 1, 0x01, 0x0E, 0, 2, 0, 0, 0, UInt8(secret.count), 0, 0, 0, 26]
            + [0, 0, 0, 0] + secret
        let segment = Array("Exif\0\0".utf8) + tiff
        let length = segment.count + 2
        let tagged = photo[..<2] + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + segment + photo[2...]
        let file = daemon.folder + "/tagged.jpg"
        try Data(tagged).write(to: URL(fileURLWithPath: file))
        let opened = try explained(file)
        for format in [RenderFormat.html, .svg] {
            let text = try draw(opened.explanation, .init(format: format, map: .cells)).content
            let data = try #require(
                text.components(separatedBy: "data:image/jpeg;base64,").last?.components(separatedBy: "\"").first)
            let bytes = try #require(Data(base64Encoded: data))
            #expect(bytes.starts(with: [0xFF, 0xD8]))
            for word in ["Exif", "taken at", "52.5"] { #expect(bytes.range(of: Data(word.utf8)) == nil) }
        }
    }
}
