import Foundation
import JSON
import TestSupport
import Testing
import Tokenizers

/// SentencePiece models: piece for piece what libsentencepiece gives, and nothing worse than an error for damaged ones.
@Suite(.timeLimit(.minutes(10)))
struct SentencePieceTests {
    private static let folder = TestData.own("sentencepiece")
    private static let expected: JSONValue = {
        do { return try JSONValue(contentsOf: folder + "/expected.json") } catch { fatalError("\(error)") }
    }()
    static let models = expected["models"]?.object?.keys.sorted() ?? []

    private func bytes(of model: String) throws -> [UInt8] {
        let path = model == "siglip-small" ? TestData.model(model) + "/spiece.model" : Self.folder + "/\(model).model"
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    @Test(arguments: models)
    func equalsTheLibrary(model: String) throws {
        let texts = try #require(Self.expected["texts"]?.array).compactMap(\.string)
        let references = try #require(Self.expected["models"]?[model]?.array)
        let reader = try SentencePieceModel(bytes(of: model), file: model)
        #expect(texts.count > 400 && references.count == texts.count)
        for (text, reference) in zip(texts, references) {
            let found = reader.encode(Array(text.utf8)).flatMap { [$0.id, $0.bytes.lowerBound, $0.bytes.upperBound] }
            #expect(found == reference.array?.compactMap(\.int), "\(text.debugDescription)")
        }
    }

    /// What `body` gives for the message with this field in place of its last one of that number.
    private func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length = content.count
        var digits: [UInt8] = []
        repeat {
            digits.append(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0))
            length >>= 7
        } while length > 0
        return [number << 3 | 2] + digits + content
    }

    private func problem(_ bytes: [UInt8]) -> String {
        do {
            _ = try SentencePieceModel(bytes, file: "m")
            return "none"
        } catch {
            return "\(error)"
        }
    }

    private let unknown: [UInt8] = [0x0A, 0x05] + Array("<unk>".utf8) + [0x18, 0x02]

    @Test func modelsThatCannotBeUsed() throws {
        let plain = try bytes(of: "plain")
        #expect(problem(plain) == "none")
        #expect(problem([]) == "m: no SentencePiece model: it has no pieces")
        #expect(problem(Array("a text".utf8)) == "m: no SentencePiece model")
        let million = field(1, field(1, [UInt8](repeating: 0x61, count: 1 << 20)))
        #expect(
            problem(plain + million).hasSuffix("has 1048576 bytes, and at most 1024 are accepted"))
        #expect(problem(plain + field(1, field(1, []))).hasSuffix("has no text"))
        #expect(problem(plain + field(1, unknown)).hasSuffix("occurs twice"))
        #expect(
            problem(plain + field(1, field(1, [0x7A, 0x7A]) + [0x15, 0, 0, 0xC0, 0x7F])).hasSuffix("is not a number"))
        #expect(problem(field(1, field(1, [0x61]))) == "m: the model has no unknown piece")
        #expect(problem(field(1, unknown)) == "none")
        #expect(
            problem(field(1, unknown) + field(2, [0x18, 0x02]))
                == #"m: the SentencePiece model type "BPE" is not supported"#)
        for map in [
            [1], [4, 0, 0, 0], [3, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1], [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
        ] {
            #expect(
                problem(field(1, unknown) + field(3, field(2, map.map { UInt8($0) })))
                    == "m: precompiled_charsmap: the character map is damaged")
        }
    }

    @Test("A damaged map leads nowhere: units of ones, offsets beyond the trie, values beyond the text")
    func damagedMaps() throws {
        let text = Array("a ﬁne cafe\u{301} ㎏ ﷺ 日本 x".utf8)
        let whole = try bytes(of: "siglip-small")
        // The map is the longest run without pieces, at the end of the file.
        let start = whole.count - 200_000
        var generator = SeededGenerator(seed: 4)
        var loaded = 0
        for round in 0..<150 {
            var bytes = whole
            let place = Int.random(in: start..<whole.count - 64, using: &generator)
            switch round % 3 {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: for offset in 0..<64 { bytes[place + offset] = 0xFF }
            default: for offset in start..<start + 4096 { bytes[offset] = UInt8.random(in: 0...255, using: &generator) }
            }
            guard let model = try? SentencePieceModel(bytes, file: "m") else { continue }
            loaded += 1
            for piece in model.encode(text) {
                #expect((0..<model.count).contains(piece.id))
                #expect(piece.bytes.lowerBound >= 0 && piece.bytes.upperBound <= text.count)
            }
        }
        #expect(loaded > 50)
    }

    @Test("Any byte changed, anything cut: refused or loaded", arguments: models.filter { $0 != "siglip-small" })
    func damagedAnywhere(model: String) throws {
        let whole = try bytes(of: model)
        let text = Array("  dog cat <sep> ﬁne e\u{301} ".utf8)
        for place in whole.indices {
            for change: UInt8 in [0x01, 0x80, 0xFF] {
                var bytes = whole
                bytes[place] ^= change
                guard let model = try? SentencePieceModel(bytes, file: "m") else { continue }
                #expect(model.encode(text).allSatisfy { (0..<model.count).contains($0.id) })
            }
            _ = try? SentencePieceModel(Array(whole.prefix(place)), file: "m")
        }
    }
}
