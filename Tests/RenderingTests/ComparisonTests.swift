import Foundation
import Rendering
import Testing

@Suite("Comparison of two explanations")
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
        return svg[start.upperBound..<end.lowerBound].components(separatedBy: "fill-opacity=\"").dropFirst().compactMap {
            Double($0.prefix { $0 != "\"" })
        }
    }

    @Test("Both are on one scale: half the value is half the colour")
    func oneScale() throws {
        var whole = Sample.picture()
        whole.estimate.readingErrors = nil
        whole.estimate.pairErrors = nil
        let svg = try PictureComparison(whole, halved()).svg()
        let (a, b) = (try heat("a", in: svg).max() ?? 0, try heat("b", in: svg).max() ?? 0)
        #expect(a == 0.9 && b == 0.45)
        // Alone, each would take the whole scale.
        #expect(try heat("a", in: halved().svg()).max() == 0.9)
    }

    @Test("Both legends show the joint scale")
    func legends() throws {
        let svg = try PictureComparison(halved(), Sample.picture()).svg()
        #expect(svg.components(separatedBy: ">+1.00</text>").count == 3)
    }

    @Test("An image that both share is embedded once")
    func sharedImage() throws {
        let html = try PictureComparison(Sample.picture(), halved()).html()
        #expect(html.components(separatedBy: "data:image/png").count == 2)
        #expect(html.contains("<use id=\"b-image\" href=\"#a-image\"/>"))
    }

    @Test("Words are matched in order; those of one caption stand alone")
    func alignment() throws {
        let markdown = try PictureComparison(Sample.picture(), Sample.picture(caption: "a Dog runs")).markdown()
        let rows = markdown.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { $0.split(separator: "|")[0].trimmingCharacters(in: .whitespaces) }
        #expect(rows == ["word, logits", "a", "red", "dog", "runs"])
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
        #expect(throws: RenderError.viewNotComparable) { try PictureComparison(Sample.picture(), Sample.picture()).svg(.init(view: .pairs)) }
    }
}
