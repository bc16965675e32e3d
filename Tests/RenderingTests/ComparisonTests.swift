import Foundation
import Rendering
import Testing

@Suite("Comparison of two explanations", .timeLimit(.minutes(10)))
struct ComparisonTests {
    /// The same explanation at half the size.
    private func halved() -> Picture {
        var picture = Sample.picture()
        picture.estimate.firstOrderReading = picture.estimate.firstOrderReading.map { $0 / 2 }
        picture.estimate.pairs = picture.estimate.pairs?.map { $0 / 2 }
        picture.estimate.readingErrors = nil
        picture.estimate.pairErrors = nil
        return picture
    }

    private func heat(_ id: String, in svg: String) throws -> [Double] {
        let start = try #require(svg.range(of: "<g id=\"\(id)-heat\""))
        let end = try #require(svg[start.upperBound...].range(of: "</g>"))
        // The tints, not the veil over patches without a value.
        return svg[start.upperBound..<end.lowerBound].components(separatedBy: "<path class=\"").compactMap { path in
            guard path.hasPrefix("p\" fill-opacity=\"") || path.hasPrefix("n\" fill-opacity=\"") else { return nil }
            return Double(path.dropFirst(#"p" fill-opacity=""#.count).prefix { $0 != "\"" })
        }
    }

    @Test("Both are on one scale: half the value is half the colour")
    func oneScale() throws {
        var whole = Sample.picture()
        whole.estimate.readingErrors = nil
        whole.estimate.pairErrors = nil
        let svg = try PictureComparison(whole, halved()).svg(.init(map: .cells))
        let (a, b) = (try heat("a", in: svg).max() ?? 0, try heat("b", in: svg).max() ?? 0)
        #expect(a == Tint.heatOpacity && b == Tint.heatOpacity / 2)
        // Alone, each would take the whole scale.
        #expect(try heat("a", in: halved().svg(.init(map: .cells))).max() == Tint.heatOpacity)
    }

    @Test("Both legends show the joint scale")
    func legends() throws {
        let svg = try PictureComparison(halved(), Sample.picture()).svg()
        #expect(svg.components(separatedBy: ">+1.00</text>").count == 3)
    }

    @Test("An image that both share is embedded once")
    func sharedImage() throws {
        let html = try PictureComparison(Sample.picture(), halved()).html(.init(map: .cells))
        #expect(html.components(separatedBy: "data:image/png").count == 2)
        #expect(html.contains("<use id=\"b-image\" href=\"#a-image\"/>"))
    }

    @Test("Bars of both are on one axis")
    func oneAxis() throws {
        func longestBar(_ svg: Substring) throws -> Double {
            let bars = svg.components(separatedBy: "<rect ").filter {
                $0.contains("class=\"p\"") && $0.contains("height=\"1")
            }
            return try #require(
                bars.compactMap { bar in
                    bar.range(of: "width=\"").flatMap { Double(bar[$0.upperBound...].prefix { $0 != "\"" }) }
                }.max())
        }
        let html = try PictureComparison(Sample.picture(errors: false), halved()).html()
        let figures = html.components(separatedBy: "<svg class=\"wide\"").dropFirst().prefix(2)
        let (a, b) = (try longestBar(Substring(figures.first ?? "")), try longestBar(Substring(figures.last ?? "")))
        #expect(abs(a - 2 * b) < 0.02)
    }

    @Test("A word that moved is still one line; words of one caption stand alone, in place")
    func alignment() throws {
        let markdown = try PictureComparison(Sample.picture(), Sample.picture(caption: "a Dog runs")).markdown()
        let rows = markdown.split(separator: "\n").filter { $0.hasPrefix("| ") }.map {
            $0.split(separator: "|")[0].trimmingCharacters(in: .whitespaces)
        }
        #expect(rows == ["word, logits", "a", "red", "dog", "runs"])
        let moved = try PictureComparison(
            Sample.picture(caption: "a lip and a dog"), Sample.picture(caption: "the dog and a a a lip")
        ).markdown()
        let names = moved.split(separator: "\n").filter { $0.hasPrefix("| ") }.map {
            $0.split(separator: "|")[0].trimmingCharacters(in: .whitespaces)
        }
        #expect(names == ["word, logits", "the", "a", "lip", "and", "a", "a", "dog"])
    }

    @Test("A change's error is the root of both squared errors")
    func errors() throws {
        let markdown = try PictureComparison(Sample.picture(), Sample.picture()).markdown()
        #expect(markdown.contains("| dog | +4.00 ± 0.10 | +4.00 ± 0.10 | 0.00 ± 0.14 |"))
    }

    @Test("Different patches have no map of changes")
    func differentGrids() throws {
        var other = Sample.picture()
        #expect(try PictureComparison(Sample.picture(), other).html().contains("What changed on the image"))
        other.patches.boxes[0].x1 = 90
        #expect(!(try PictureComparison(Sample.picture(), other).html()).contains("What changed on the image"))
    }

    @Test("Only the overview compares")
    func views() {
        #expect(throws: RenderError.viewNotComparable) {
            try PictureComparison(Sample.picture(), Sample.picture()).svg(.init(view: .pairs))
        }
    }
}
