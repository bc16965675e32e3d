import FIxLIPProtocol
import Foundation
import JSON
import Testing

/// `embed`, `similarity` and `explain` between other programs: lines in, one JSON line out for each.
@Suite("Pipelines", .serialized, .timeLimit(.minutes(10)))
struct PipelineProcessTests {
    let scene = DaemonProcess.scenes + "/scene-03.png"

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try DaemonProcess.makeFolder()
        defer {
            _ = try? Command(["stop", "--no-spawn"], folder: folder)
            try? FileManager.default.removeItem(atPath: folder)
        }
        try FileManager.default.copyItem(atPath: scene, toPath: folder + "/a.png")
        try body(folder)
    }

    /// What a line of output may have.
    private struct Line: Decodable {
        var id: Int?
        var input, text, error: String?
        var image: JSONValue?
        var texts: [String]?
        var code, imageMasks: Int?
        var embedding: EncodedFloats?
        var logits, cosine: JSONValue?
        var probabilities: [Double]?
        var logit: Double?
        var values: Values?
    }

    private func lines(_ command: Command) throws -> [Line] {
        try command.output.split(separator: "\n").map { try JSONValue(parsing: String($0)).decode(Line.self) }
    }

    @Test("embed: paths and JSON lines, each with a line in its place")
    func embed() throws {
        try withFolder { folder in
            let input = """
                a.png

                missing.png
                {"id": 7, "image": "a.png"}
                {"text": "a dog", "id": 8}
                {"id": 9}
                {broken
                {"image": 3}
                """
            let piped = try Command(["embed", "-"], folder: folder, input: input)
            #expect(piped.status == 1)
            #expect(piped.errors.contains("4 of 7 failed"))
            let found = try lines(piped)
            #expect(found.count == 7)
            #expect(found[0].input == "a.png")
            #expect(found[0].embedding?.doubles.count == found[3].embedding?.doubles.count)
            #expect(found[1].input == "missing.png" && found[1].embedding == nil)
            #expect(found[1].error?.contains("missing.png") == true && found[1].code == 1004)
            #expect(found[2].id == 7 && found[2].image == "a.png")
            #expect(found[2].embedding == found[0].embedding)
            #expect(found[3].id == 8 && found[3].text == "a dog")
            #expect(found[4].error?.contains("neither") == true && found[4].id == 9)
            #expect(found[5].input == "{broken" && found[5].error?.contains("not a JSON object") == true)
            #expect(found[6].error == #""image" must be a string, not a number"#)
        }
    }

    @Test("similarity: images with the texts of the command line, or each with its own")
    func similarity() throws {
        try withFolder { folder in
            let table = try Command(
                ["similarity", "-", "--text", "a postbox", "--text", "a rose"], folder: folder,
                input: "a.png\nmissing.png\n")
            #expect(table.status == 1)
            let rows = try lines(table)
            #expect(rows.count == 2)
            #expect(rows[0].texts == ["a postbox", "a rose"])
            #expect((rows[0].probabilities ?? []).reduce(0, +) > 0.999)
            #expect(rows[1].image == "missing.png" && rows[1].error != nil)

            let pairs = try Command(
                ["similarity", "-"], folder: folder,
                input: #"{"image": "a.png", "text": "a rose", "id": 1}"# + "\na.png\n")
            #expect(pairs.status == 1)
            let found = try lines(pairs)
            #expect(found[0].id == 1)
            #expect(found[0].logit != nil && found[0].logit == rows[0].logits?[1]?.double)
            #expect(found[0].cosine != nil && found[0].cosine == rows[0].cosine?[1])
            #expect(pairs.output.contains(#""probability":null"#), "CLIP has none of a pair")
            #expect(found[1].error?.contains("--text") == true)

            #expect(try Command(["similarity", "a.png"], folder: folder).errors.contains("--text"))
        }
    }

    @Test("explain: images, captions, or both come as lines")
    func explain() throws {
        try withFolder { folder in
            let budget = ["--budget", "60"]
            let both = try Command(
                ["explain", "-"] + budget, folder: folder,
                input: #"{"image": "a.png", "text": "a postbox", "id": 1}"# + "\na.png\n"
                    + #"{"image": "missing.png", "text": "a dog"}"# + "\n" + #"{"image": "a.png", "text": " "}"# + "\n")
            #expect(both.status == 1)
            let found = try lines(both)
            #expect(found.count == 4)
            #expect(found[3].error?.contains("has no words") == true && found[3].values == nil)
            #expect(found[0].id == 1 && found[0].imageMasks == 60)
            #expect(found[0].values?.standardErrors != nil)
            #expect(found[1].error?.contains("caption") == true)
            #expect(found[2].code == 1004)

            let captions = try Command(
                ["explain", "a.png", "-"] + budget, folder: folder, input: "a postbox\na rose\n")
            #expect(captions.status == 0, "\(captions.errors)")
            #expect(try lines(captions)[0].values?.first == found[0].values?.first)
            #expect(try lines(captions).compactMap(\.text) == ["a postbox", "a rose"])

            let images = try Command(["explain", "-", "a postbox"] + budget, folder: folder, input: "a.png\n")
            #expect(try lines(images)[0].values?.first == found[0].values?.first)

            for wrong in [["explain", "a.png"], ["explain", "-", "-"], ["explain", "-", "a", "--html", "x"]] {
                let refused = try Command(wrong, folder: folder)
                #expect(refused.status == 64 && !refused.errors.isEmpty && refused.output.isEmpty)
            }
        }
    }

    @Test("a line is answered before the next one comes")
    func streaming() throws {
        try withFolder { folder in
            let embed = try RunningCommand(["embed", "--text", "-"], folder: folder)
            for text in ["a dog", "a cat"] {
                try embed.send(text + "\n")
                #expect(try embed.nextLine()?.decode(Line.self).input == text)
            }
            try embed.endInput()
            #expect(embed.status() == 0)
        }
    }

    @Test("without a model there is one error, not one for each line")
    func noModel() throws {
        try withFolder { folder in
            let refused = try Command(["embed", "-", "--model", "no/such"], folder: folder, input: "a.png\na.png\n")
            #expect(refused.status == 1)
            #expect(refused.output.isEmpty)
            #expect(refused.errors.contains("no/such"))
        }
    }
}
