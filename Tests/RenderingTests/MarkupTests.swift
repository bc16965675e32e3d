import Foundation
import Rendering
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

/// Counts elements and collects text while it checks that a document is well-formed.
private final class XMLOutline: NSObject, XMLParserDelegate {
    var counts: [String: Int] = [:]
    var classes: [String: Int] = [:]
    var ids: Set<String> = []
    var references: Set<String> = []
    var text = ""

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        counts[element, default: 0] += 1
        if let name = attributes["class"] { classes["\(element).\(name)", default: 0] += 1 }
        if let id = attributes["id"] { ids.insert(id) }
        if let reference = attributes["href"], reference.hasPrefix("#") {
            references.insert(String(reference.dropFirst()))
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}

private func outline(_ markup: String) -> XMLOutline? {
    let parser = XMLParser(data: Data(markup.utf8))
    let outline = XMLOutline()
    parser.delegate = outline
    return parser.parse() ? outline : nil
}

/// The parts of a page that are SVG, each well-formed by itself.
private func drawings(in html: String) -> [String] {
    html.components(separatedBy: "<svg").dropFirst().compactMap { part in
        part.range(of: "</svg>").map { "<svg" + part[..<$0.upperBound] }
    }
}

@Suite("SVG and HTML", .timeLimit(.minutes(10)))
struct MarkupTests {
    @Test("SVG is well-formed and every reference is defined", arguments: Sample.views, [300, 960].map { $0 + 20 })
    func wellFormed(view: PictureOptions.View, width: Int) throws {
        let document = try #require(outline(try Sample.picture().svg(.init(view: view, width: width))))
        #expect(document.references.isSubset(of: document.ids))
        #expect(document.counts["svg"] == 1 + (document.classes["svg.crop"] ?? 0))
        #expect((document.counts["title"] ?? 0) > 0 && document.counts["desc"] == 1)
    }

    @Test(
        "Whatever the caption says, documents stay well-formed and hold no markup of it",
        arguments: Sample.hostileCaptions)
    func hostile(caption: String) throws {
        let picture = Sample.picture(caption: caption)
        let svg = try picture.svg()
        #expect(outline(svg) != nil)
        let html = try picture.html()
        for text in [svg, html] {
            #expect(!text.contains("<script>alert") && !text.contains("<svg onload") && !text.contains("<!--"))
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
            #expect(!text.unicodeScalars.contains { (0x202A...0x202E).contains($0.value) })
        }
        for drawing in drawings(in: html) { #expect(outline(drawing) != nil) }
    }

    @Test("Nothing is fetched", arguments: Sample.views)
    func selfContained(view: PictureOptions.View) throws {
        let picture = Sample.picture()
        for text in [try picture.svg(.init(view: view)), try picture.html(.init(view: view))] {
            let withoutNamespace = text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
            #expect(
                !withoutNamespace.contains("http:") && !withoutNamespace.contains("https:")
                    && !withoutNamespace.contains("@import") && !withoutNamespace.contains("src="))
            #expect(withoutNamespace.components(separatedBy: "url(").dropFirst().allSatisfy { $0.hasPrefix("#") })
        }
    }

    @Test("A word has a row with its value and error, and a map of its own")
    func words() throws {
        let document = try #require(outline(try Sample.picture().svg()))
        #expect(document.text.contains("+4.00 ± 0.10") && document.text.contains("−0.50 ± 0.10"))
        // “a” has no pair of a tenth of the strongest.
        #expect(document.ids.isSuperset(of: ["a-image", "a-heat", "a-map-1", "a-map-2"]))
        #expect(document.references.isSuperset(of: ["a-map-1", "a-map-2"]))
        #expect(!document.ids.contains("a-map-0") && document.text.contains("The 2 strongest of 3 words on the image"))
    }

    @Test("As many curves as asked for: topK of words and patches, half as many of patches", arguments: [1, 2, 4])
    func curves(topK: Int) throws {
        let document = try #require(outline(try Sample.picture(history: false).svg(.init(view: .pairs, topK: topK))))
        let curves = (document.classes["path.ps"] ?? 0) + (document.classes["path.ns"] ?? 0)
        #expect(curves == topK + (topK + 1) / 2)
    }

    @Test("The overview names the strongest words on the image, in the colour of their rows")
    func regions() throws {
        let document = try #require(outline(try Sample.picture(history: false).svg(.init(map: .cells))))
        // “dog” is the only word that raises the match and has a pair that stands out.
        #expect(document.classes["path.r0s"] == 1 && document.classes["path.r1s"] == nil)
        #expect(document.classes["text.tag"] == 1 && document.classes["rect.r0"] == 2)
        #expect(
            (document.classes["path.ps"] ?? 0) + (document.classes["path.ns"] ?? 0) == 3,
            "in the maps of dog and red, and the pair of red that lowers the match")
        let none = try #require(outline(try Sample.picture(pairs: false).svg()))
        #expect(none.classes["text.tag"] == nil)
    }

    @Test(
        "Pairs of words compete for the overview, above pairs of patches",
        arguments: ["svg", "html", "ansi", "markdown"])
    func pairsOfWords(format: String) throws {
        let picture = Sample.picture()
        let text =
            switch format {
            case "svg": try picture.svg()
            case "html": try picture.html()
            case "ansi": try picture.ansi(.init(colorMode: .none))
            default: try picture.markdown()
            }
        let words = try #require(text.range(of: "Words among themselves"))
        let patches = try #require(text.range(of: "Patches among themselves"))
        #expect(words.lowerBound < patches.lowerBound)
    }

    @Test("What the model does not see of the picture is told in every format, and dimmed in drawings")
    func crop() throws {
        var picture = Sample.picture()
        func formats(_ picture: Picture) throws -> [String] {
            try [picture.html(), picture.svg(), picture.markdown(), picture.ansi(.init(width: 100, colorMode: .none))]
        }
        let line = "The model sees only 200 × 200 of 320 × 200 pixels."
        #expect(try formats(picture).allSatisfy { !$0.contains("The model sees only") })
        picture.image.width = 320
        // Drawings and terminals break lines where their columns end.
        #expect(try formats(picture).allSatisfy { $0.contains("The model sees only 200 × 200") })
        #expect(try picture.html().contains(line) && picture.markdown().contains(line))
        #expect(try picture.svg().contains("fill-rule=\"evenodd\""))
    }

    @Test("Tokens that share a character are one word, with the sum of their values")
    func sharedCharacters() throws {
        var picture = Sample.picture(caption: "a red 🎸")
        let before = picture.estimate.firstOrderReading
        // The emoji's bytes: “red” stays, the last word becomes two tokens of one span.
        picture.words.append(picture.words[2])
        picture.estimate.first.append(0)
        picture.estimate.firstOrderReading.append(-7)
        picture.estimate.readingErrors = [Double](repeating: 0.1, count: 8)
        picture.estimate.pairs = (0..<28).map { Double($0) / 100 }
        picture.estimate.pairErrors = nil
        picture.history = []
        let svg = try picture.svg()
        let sum = before[6] - 7
        #expect(sum == -3)
        #expect(svg.contains("−3.00 ± 0.20") && !svg.contains("🎸 (2)"))
        // Pair (row 1 column 1, 🎸) is the sum of pairs (0, 6) and (0, 7).
        let page = try picture.html(.init(view: .token(player: 7)))
        #expect(page.contains("What “🎸” works with"))
        #expect(page.contains("+0.11"))
    }

    @Test("The strongest pair leads the list, with its place")
    func strongestFirst() throws {
        let document = try #require(outline(try Sample.picture().svg(.init(view: .pairs, topK: 2))))
        let dog = try #require(document.text.range(of: "“dog” × row 1, column 1"))
        let red = try #require(document.text.range(of: "“red” × row 2, column 2"))
        #expect(dog.lowerBound < red.lowerBound)
        #expect(document.text.contains("+2.00 ± 0.05") && document.text.contains("−1.00 ± 0.05"))
    }

    @Test("A value with a larger error is drawn fainter")
    func fainter() throws {
        func opacity(_ error: Double) throws -> Double {
            var picture = Sample.picture()
            picture.estimate.readingErrors = [Double](repeating: error, count: 7)
            let svg = try picture.svg()
            let heat = try #require(svg.range(of: "<g id=\"a-heat\""))
            let last = try #require(svg[heat.upperBound...].range(of: "class=\"n\" fill-opacity=\""))
            let digits = svg[last.upperBound...].prefix { $0 != "\"" }
            return try #require(Double(digits))
        }
        #expect(try opacity(2) < opacity(0.5))
        #expect(try opacity(0.5) < opacity(0.01))
    }

    @Test("Numbers that are not finite are neither drawn nor printed")
    func notFinite() throws {
        var picture = Sample.picture()
        picture.estimate.firstOrderReading[0] = .nan
        picture.estimate.firstOrderReading[5] = .infinity
        picture.estimate.pairs?[3] = -.infinity
        picture.estimate.pairErrors?[4] = .nan
        picture.estimate.looR2 = .nan
        picture.similarity.cosine = .nan
        picture.history[0].leading[0].value = .nan
        for text in [try picture.svg(), try picture.html(), try picture.ansi(), try picture.markdown()] {
            #expect(text.range(of: #"\b(nan|inf|infinity)\b"#, options: [.regularExpression, .caseInsensitive]) == nil)
        }
        #expect(outline(try picture.svg()) != nil)
    }

    @Test("An explanation of order 1, without image, errors or history still draws")
    func bare() throws {
        let picture = Sample.picture(errors: false, pairs: false, image: false, history: false)
        let document = try #require(outline(try picture.svg(.init(map: .cells))))
        #expect(!document.text.contains("±") && !document.text.contains("As the budget grew"))
        #expect(document.counts["image"] == nil)
        #expect(!(try picture.html()).contains("<script>"))
    }

    @Test("The budget's curve ends at the last value and R² of the history")
    func budget() throws {
        let document = try #require(outline(try Sample.picture().svg()))
        #expect(document.text.contains("a × r1 c1 +2.00") && document.text.contains("leave-one-out R² 0.88"))
        #expect(document.text.contains("r2 c2 −1.00"))
        // An estimate with a larger budget than any before it ends the curve.
        var later = Sample.picture()
        later.estimate.imageMasks = 512
        later.estimate.looR2 = 0.95
        later.estimate.firstOrderReading[3] = -0.75
        let grown = try later.svg()
        #expect(
            grown.contains("r2 c2 −0.75<") && grown.contains("leave-one-out R² 0.95<") && grown.contains(">512</text>"))
    }

    @Test("The page's script only shows what the page holds: each word's map with the legend of its scale")
    func script() throws {
        let html = try Sample.picture().html()
        for id in [
            "id=\"a-heat\"", "id=\"a-map-1\"", "id=\"a-map-2\"", "class=\"heat-legend\"",
            "class=\"map-legend\" visibility=\"hidden\"",
        ] {
            #expect(html.contains(id))
        }
        let script = try #require(html.components(separatedBy: "<script>").last)
        #expect(!script.contains("dog"))
        #expect(
            html.components(separatedBy: "data-player=\"2\"").count == 4,
            "once in the caption, once in each width's list")
    }

    @Test("The colours of the words are explained beside them, in each view's own terms")
    func captionKey() throws {
        let picture = Sample.picture()
        for markup in [try picture.html(), try picture.svg()] {
            // Lines of a drawing are elements of their own.
            let text = markup.replacing(/<[^>]*>/, with: " ").split(whereSeparator: \.isWhitespace).joined(
                separator: " ")
            #expect(
                text.contains(
                    "Under each word its weight in logits: orange raises the match, blue lowers it, paler where uncertain."
                ))
        }
        #expect(
            try picture.html(.init(view: .patch(player: 0))).contains(
                "Under each word its pair with this patch in logits"))
        #expect(
            try picture.html(.init(view: .token(player: 6))).contains("Under each word its pair with “dog” in logits"))
        #expect(!(try Sample.picture(caption: "").html()).contains("Under each word"))
    }

    @Test("Every format says that the end of a caption was left out, and only then")
    func truncated() throws {
        var picture = Sample.picture()
        func formats() throws -> [String] {
            let both = PictureComparison(picture, Sample.picture(caption: "a dog"))
            return try [
                picture.html(), picture.svg(), picture.markdown(), picture.ansi(),
                both.html(), both.svg(), both.markdown(), both.ansi(),
            ]
        }
        let line = "The caption is longer than the model reads; its end is left out."
        #expect(try formats().allSatisfy { !$0.contains(line) })
        picture.isTruncated = true
        #expect(try formats().allSatisfy { $0.contains(line) })
    }

    @Test("A number beside a word that runs from right to left keeps its sign and its side")
    func rightToLeft() throws {
        let picture = Sample.picture(caption: "كلب أحمر صغير")
        let svg = try picture.svg()
        #expect(svg.contains("\u{2068}كلب\u{2069} × r1 c1 +2.00<"))
    }

    @Test("A word's strongest value and its place are one text, so that no font lets them run together")
    func placeAfterValue() throws {
        #expect(try Sample.picture().svg().contains(">+2.00<tspan class=\"soft\"> at r1 c1</tspan></text>"))
    }

    @Test(
        "The image at the head of a page has the image's shape and is at most 260 pixels high",
        arguments: [
            (200, 200, "width=\"190\" height=\"190\""), (120, 900, "width=\"34.67\" height=\"260\""),
            (900, 120, "width=\"190\" height=\"25.33\""),
        ])
    func thumbnail(width: Int, height: Int, size: String) throws {
        var picture = Sample.picture()
        (picture.image.width, picture.image.height) = (width, height)
        #expect(try picture.html().contains("<div class=\"thumb\"><svg viewBox=\"0 0 \(width) \(height)\" \(size)"))
    }

    @Test("Words keep their bars in a narrow drawing, and a long caption's curves stay clear of the legend")
    func narrow() throws {
        let bars = try #require(
            outline(try Sample.picture(errors: false, pairs: false, history: false).svg(.init(width: 420, map: .cells)))
        )
        #expect(
            (bars.classes["rect.p"] ?? 0) + (bars.classes["rect.n"] ?? 0) == 6,
            "a tint in the caption and a bar for each word")
        let caption = (0..<30).map { "word\($0)" }.joined(separator: " ")
        let svg = try Sample.picture(caption: caption).svg(.init(width: 360))
        func height(of pattern: String) throws -> Double {
            let element = #" y="[0-9.]+" font-size="[0-9.]+" class="\#(pattern)"#
            let found = try #require(svg.range(of: element, options: .regularExpression))
            return try #require(Double(svg[found].dropFirst(4).prefix { $0 != "\"" }))
        }
        #expect(try height(of: #"soft">patch, logits"#) > height(of: #"word ink">word29<"#))
    }

    @Test("Light, dark and paper: each has its rules")
    func media() throws {
        let html = try Sample.picture().html()
        for rule in ["(prefers-color-scheme:dark)", "@media print", "(max-width:719px)", "Content-Security-Policy"] {
            #expect(html.contains(rule))
        }
        #expect(try Sample.picture().svg().contains("(prefers-color-scheme:dark)"))
    }

    @Test("The encoded image is embedded as it is; other media types fall back to the colour cells")
    func embedding() throws {
        var picture = Sample.picture()
        picture.image.encoded = .init(bytes: [1, 2, 3], mimeType: "image/png")
        #expect(try picture.svg().contains("data:image/png;base64,AQID\""))
        picture.image.encoded = .init(bytes: [1, 2, 3], mimeType: "text/html")
        let svg = try picture.svg()
        #expect(!svg.contains("text/html") && svg.contains("data:image/png;base64,iVBORw0KGgo"))
    }

    @Test("Drawing twice gives the same bytes", arguments: Sample.views)
    func deterministic(view: PictureOptions.View) throws {
        let options = PictureOptions(view: view)
        let picture = Sample.picture()
        #expect(try picture.svg(options) == picture.svg(options))
        #expect(try picture.html(options) == picture.html(options))
    }
}
