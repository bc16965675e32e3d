import Foundation
import Rendering
import Testing

/// The text without its colour sequences.
private func visible(_ text: String) -> String {
    text.replacingOccurrences(of: "\u{1B}\\[[0-9;]*m", with: "", options: .regularExpression)
}

private func golden(_ name: String) throws -> String {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
    return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
}

@Suite("Terminal text and Markdown", .timeLimit(.minutes(10)))
struct TerminalTests {
    @Test(
        "Golden outputs",
        arguments: [
            ("overview-none.txt", PictureOptions(colorMode: .none)),
            ("overview-256.txt", PictureOptions(width: 48, colorMode: .ansi256)),
            ("overview-truecolor.txt", PictureOptions(width: 40)),
            ("token-none.txt", PictureOptions(view: .token(player: 6), colorMode: .none)),
            ("patch-none.txt", PictureOptions(view: .patch(player: 3), colorMode: .none)),
            ("pairs-none.txt", PictureOptions(view: .pairs, topK: 3, width: 60, colorMode: .none)),
        ])
    func goldenANSI(file: String, options: PictureOptions) throws {
        #expect(try Sample.picture().ansi(options) == golden(file))
    }

    @Test("Golden Markdown") func goldenMarkdown() throws {
        #expect(try Sample.picture().markdown() == golden("overview.md"))
    }

    @Test("Golden comparison") func goldenComparison() throws {
        let pair = PictureComparison(Sample.picture(), Sample.picture(caption: "a blue dog"))
        #expect(try pair.ansi(.init(colorMode: .none)) == golden("compare-none.txt"))
        #expect(try pair.markdown() == golden("compare.md"))
    }

    @Test("No line is wider than asked", arguments: [32, 50, 63, 64, 80, 120], Sample.views)
    func width(width: Int, view: PictureOptions.View) throws {
        for mode in [PictureOptions.ColorMode.none, .ansi256, .trueColor] {
            let text = try Sample.picture(caption: "an extraordinarily red dog").ansi(
                .init(view: view, width: width, colorMode: mode))
            for line in visible(text).split(separator: "\n") { #expect(line.count <= width, "\(line)") }
        }
    }

    @Test("Without colours there are no escapes; with 256 colours no true colour; each line resets")
    func colors() throws {
        #expect(!(try Sample.picture().ansi(.init(colorMode: .none))).contains("\u{1B}"))
        let indexed = try Sample.picture().ansi(.init(colorMode: .ansi256))
        #expect(indexed.contains("38;5;") && !indexed.contains("38;2;"))
        let full = try Sample.picture().ansi()
        #expect(full.contains("38;2;") && !full.contains("38;5;"))
        for line in full.split(separator: "\n") where line.contains("\u{1B}") {
            let last = line.components(separatedBy: "\u{1B}[").last ?? ""
            #expect(last.hasPrefix("0m"))
        }
    }

    @Test("A caption cannot send sequences to the terminal", arguments: Sample.hostileCaptions)
    func hostile(caption: String) throws {
        for mode in [PictureOptions.ColorMode.none, .ansi256, .trueColor] {
            let text = visible(try Sample.picture(caption: caption).ansi(.init(colorMode: mode)))
            #expect(
                !text.unicodeScalars.contains {
                    ($0.value < 0x20 && $0 != "\n") || (0x7F...0x9F).contains($0.value)
                        || (0x202A...0x202E).contains($0.value)
                })
        }
    }

    @Test("Markdown keeps its tables whatever the caption says", arguments: Sample.hostileCaptions)
    func markdownTables(caption: String) throws {
        let markdown = try Sample.picture(caption: caption).markdown()
        for block in markdown.components(separatedBy: "\n\n") where block.hasPrefix("|") {
            let bars = block.split(separator: "\n").map { line in
                line.replacingOccurrences(of: "\\|", with: "").filter { $0 == "|" }.count
            }
            #expect(Set(bars).count == 1)
        }
        #expect(!markdown.contains("<"))
    }
}
