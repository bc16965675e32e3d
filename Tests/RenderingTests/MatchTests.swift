import Rendering
import Testing

@Suite("Two inputs of a kind", .timeLimit(.minutes(10)))
struct MatchTests {
    /// Two images of 2 × 2 patches, of which the first's patch 0 matches the second's patch 3.
    private func images(title: String = "a.png") -> MatchPicture {
        let boxes = [(0.0, 0.0), (10, 0), (0, 10), (10, 10)].map {
            Picture.Box(x0: $0.0, y0: $0.1, x1: $0.0 + 10, y1: $0.1 + 10)
        }
        let patches = Picture.Patches(rows: 2, columns: 2, boxes: boxes)
        let cells = Picture.ColorCells(rows: 1, columns: 1, rgb: [200, 100, 50])
        let image = Picture.SourceImage(width: 20, height: 20, cells: cells)
        return MatchPicture(
            model: "demo", first: .image(title: title, image, patches), second: .image(title: "b.png", image, patches),
            unit: "cosine", emptyValue: 0.9, fullValue: 0.7, centeredValue: 0.25,
            estimate: estimate(players: 8, pairs: [(0, 7, 0.2), (1, 7, 0.1), (2, 5, -0.05), (2, 4, 0.06)]))
    }

    private func texts() -> MatchPicture {
        let words = { (caption: String) in
            var start = 0
            return caption.split(separator: " ").map { word in
                defer { start += word.count + 1 }
                return Picture.Word(token: String(word), start: start, end: start + word.count)
            }
        }
        return MatchPicture(
            model: "demo", first: .text("a red rose", words("a red rose")), second: .text("a rose", words("a rose")),
            unit: "cosine", emptyValue: 0.5, fullValue: 0.8, centeredValue: 0.3,
            estimate: estimate(players: 5, pairs: [(2, 4, 0.3), (0, 3, -0.01)]))
    }

    private func estimate(players: Int, pairs: [(Int, Int, Double)]) -> Picture.Estimate {
        var values = [Double](repeating: 0, count: players * (players - 1) / 2)
        for (i, j, value) in pairs { values[i * (2 * players - i - 1) / 2 + j - i - 1] = value }
        let zeros = [Double](repeating: 0, count: players)
        return Picture.Estimate(
            index: .banzhaf, p: 0.5, order: 2, estimator: .ridge, first: zeros, firstOrderReading: zeros, pairs: values,
            pairErrors: values.map { abs($0) / 10 }, looR2: 0.9, imageMasks: 512, textMasks: 0)
    }

    @Test("The strongest pairs are listed with their errors, the headline is the centred total")
    func lists() throws {
        let text = try images().ansi(PictureOptions(width: 120, colorMode: .none))
        #expect(text.contains("0.250 cosine that the two have in common (0.700 cosine, 0.900 with nothing shown)"))
        #expect(text.contains("row 1, column 1 ↔ row 2, column 2"))
        #expect(text.contains("+0.200 ± 0.020"))
        let markdown = try texts().markdown()
        #expect(markdown.contains("| “rose” ↔ “rose” | +0.300 ± 0.030 |"))
    }

    @Test("Matched regions have one colour in both images, and only the strongest pairs an arc")
    func colours() throws {
        let svg = try images().svg(PictureOptions(topK: 3))
        // A match of patches 0 and 1 with patch 3, and one of patch 2 with patch 0.
        for color in ["r0s", "r1s"] {
            #expect(svg.components(separatedBy: "class=\"\(color) match\"").count == 3)
        }
        #expect(!svg.contains("r2s match"))
        #expect(svg.components(separatedBy: "<title>row ").count == 4)
        #expect(svg.components(separatedBy: "id=\"a-image\"").count == 2)
        #expect(svg.components(separatedBy: "id=\"b-image\"").count == 2)
    }

    @Test("Two texts are an alignment: a curve for each listed pair")
    func alignment() throws {
        let svg = try texts().svg()
        #expect(svg.components(separatedBy: "class=\"ps\"").count == 2)
        #expect(svg.components(separatedBy: "class=\"ns\"").count == 2)
        #expect(svg.contains("Which word matches which"))
    }

    @Test("A page carries every pair for its script, and names cannot leave their place")
    func page() throws {
        let html = try images(title: "</title><script>alert(1)</script>").html()
        #expect(!html.contains("<script>alert"))
        #expect(html.contains("const pairs=[[0.000000,0.000000,0.000000,0.200000]"))
        #expect(html.components(separatedBy: "class=\"touch\"").count == 17)
    }

    @Test("Arrays that do not fit are refused by name, views of one player too")
    func checks() {
        var picture = images()
        picture.estimate.pairs?.removeLast()
        #expect(throws: RenderError.lengthMismatch(field: "estimate.pairs", expected: 28, found: 27)) {
            try picture.svg()
        }
        #expect(throws: RenderError.viewNotComparable) { try images().svg(PictureOptions(view: .patch(player: 1))) }
    }
}
