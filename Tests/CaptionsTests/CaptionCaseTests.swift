import Captions
import Foundation
import Testing

/// A file of `clients/testdata/captions`, which the editors' tests read too.
struct CaptionCase: Decodable, CustomTestStringConvertible {
    struct Expected: Decodable, Equatable {
        var image: String
        var caption: String
        var range: TextRange
        var captionRange: TextRange
    }

    var name = ""
    var languageId: String
    var path: String?
    var encoding: PositionEncoding?
    var text: String
    var expected: [Expected]

    private enum CodingKeys: CodingKey { case languageId, path, encoding, text, expected }

    var testDescription: String { name }

    func found() throws -> [DocumentCaption] {
        try CaptionFinder.captions(in: text, languageId: languageId, documentPath: path, encoding: encoding ?? .utf16)
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("clients/testdata/captions")

    static let all: [CaptionCase] = {
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.compactMap { file in
            guard let data = try? Data(contentsOf: file),
                var item = try? JSONDecoder().decode(CaptionCase.self, from: data)
            else { return nil }
            item.name = file.deletingPathExtension().lastPathComponent
            return item
        }
    }()
}

@Suite("Captions in documents", .timeLimit(.minutes(10)))
struct CaptionCaseTests {
    @Test("The folder of cases is found and read in full")
    func folder() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: CaptionCase.folder.path).filter {
            $0.hasSuffix(".json")
        }
        #expect(files.count == CaptionCase.all.count && files.count >= 40)
        #expect(Set(CaptionCase.all.map(\.languageId)).isSubset(of: CaptionFinder.languageIds))
    }

    @Test("Case", arguments: CaptionCase.all)
    func matches(item: CaptionCase) throws {
        let found = try item.found().map {
            CaptionCase.Expected(image: $0.image, caption: $0.caption, range: $0.range, captionRange: $0.captionRange)
        }
        #expect(found.map(\.image) == item.expected.map(\.image))
        #expect(found.map(\.caption) == item.expected.map(\.caption))
        #expect(found == item.expected)
    }

    @Test("Runs cover the caption, in order, inside its range", arguments: CaptionCase.all)
    func runs(item: CaptionCase) throws {
        for caption in try item.found() {
            var end = 0
            for run in caption.runs {
                #expect(run.start == end && run.end > run.start)
                #expect(run.range.start >= caption.captionRange.start && run.range.end <= caption.captionRange.end)
                end = run.end
            }
            #expect(end == caption.caption.unicodeScalars.count)
        }
    }

    @Test("The whole caption maps to its range", arguments: CaptionCase.all)
    func wholeRange(item: CaptionCase) throws {
        for caption in try item.found() {
            let length = caption.caption.unicodeScalars.count
            #expect(caption.documentRange(of: 0..<length, encoding: item.encoding ?? .utf16) == caption.captionRange)
        }
    }

    @Test("A word of the caption maps to its place in the document, past entities, escapes and wide characters")
    func wordRanges() throws {
        let text = "🐍 ![Tom &amp; *Jerry* 🐍 end](a.png)"
        let caption = try #require(try CaptionFinder.captions(in: text, languageId: "markdown").first)
        #expect(caption.caption == "Tom & Jerry 🐍 end")
        func source(_ word: String) throws -> String {
            let scalars = Array(caption.caption.unicodeScalars)
            let wanted = Array(word.unicodeScalars)
            let start = try #require(
                (0...scalars.count - wanted.count).first { Array(scalars[$0..<$0 + wanted.count]) == wanted })
            let range = caption.documentRange(of: start..<start + wanted.count)
            #expect(range.start.line == 0 && range.end.line == 0)
            let units = Array(text.utf16)[range.start.character..<range.end.character]
            return String(decoding: units, as: UTF16.self)
        }
        #expect(
            try source("Tom") == "Tom" && source("&") == "&amp;" && source("Jerry") == "Jerry" && source("🐍") == "🐍"
                && source("end") == "end")
    }

    @Test("An unknown language lists the known ones")
    func unknownLanguage() {
        #expect(throws: CaptionError.unknownLanguage("cobol", known: CaptionFinder.languageIds)) {
            try CaptionFinder.captions(in: "", languageId: "cobol")
        }
        #expect(
            "\(CaptionError.unknownLanguage("cobol", known: ["html", "org"]))"
                == "unknown languageId \"cobol\"; known are html, org")
        for id in ["markdown", "html", "javascriptreact", "typescriptreact", "latex", "restructuredtext", "org", "mdx"]
        {
            #expect(CaptionFinder.languageIds.contains(id))
        }
    }
}
