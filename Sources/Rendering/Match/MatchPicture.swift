/// Everything a drawing of two inputs needs that are not an image and a caption in logits: two images, two texts, or
/// either beside a vector.
///
/// Players are numbered as in the game: those of the first side, then those of the second.
package struct MatchPicture: Sendable, Equatable {
    /// One input, or several texts joined to one caption.
    package enum Side: Sendable, Equatable {
        case image(title: String, Picture.SourceImage, Picture.Patches)
        case text(String, [Picture.Word])
        /// A vector without players, by its name.
        case vector(String)
    }

    /// The model's name as the reader knows it.
    package var model: String
    package var first: Side
    package var second: Side
    /// What values are measured in, as a word: `cosine`.
    package var unit: String
    package var emptyValue: Double
    package var fullValue: Double
    /// v(1, 1) − v(1, ∅) − v(∅, 1) + v(∅, ∅): what the pairs across the sides make up.
    package var centeredValue: Double
    package var estimate: Picture.Estimate

    package init(
        model: String, first: Side, second: Side, unit: String, emptyValue: Double, fullValue: Double,
        centeredValue: Double, estimate: Picture.Estimate
    ) {
        self.model = model
        self.first = first
        self.second = second
        self.unit = unit
        self.emptyValue = emptyValue
        self.fullValue = fullValue
        self.centeredValue = centeredValue
        self.estimate = estimate
    }

    /// One SVG file that needs nothing else.
    package func svg(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        let report = try MatchReport(self, options)
        return MatchSVG(report: report, width: Double(try options.width(default: 960, least: 320))).document()
    }

    /// A page that needs nothing else; a click on a player shows its partners.
    package func html(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        let report = try MatchReport(self, options)
        return MatchHTML(report: report, width: Double(try options.width(default: 1080, least: 320))).markup()
    }

    package func ansi(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        let report = try MatchReport(self, options)
        return MatchText(report: report).lines(
            TerminalText(mode: options.colorMode), width: try options.width(default: 80, least: 32)
        ).asText
    }

    package func markdown(_ options: PictureOptions = PictureOptions()) throws(RenderError) -> String {
        MatchText(report: try MatchReport(self, options)).markdown()
    }
}

extension MatchPicture.Side {
    var count: Int {
        switch self {
        case .image(_, _, let patches): patches.boxes.count
        case .text(_, let words): words.count
        case .vector: 0
        }
    }

    /// What it is, for a heading.
    var title: String {
        switch self {
        case .image(let title, _, _): title
        case .text(let caption, _): caption
        case .vector(let name): name
        }
    }

    /// A player's name: the word, with its number where it occurs again, or the patch's place counted from 1.
    func name(_ player: Int) -> String {
        switch self {
        case .image(_, _, let patches):
            guard patches.formGrid else { return "region \(player + 1)" }
            return "row \(player / patches.columns + 1), column \(player % patches.columns + 1)"
        case .text(let caption, let words):
            let texts = words.map { Self.text(of: $0, in: caption) }
            let before = texts[..<player].count { $0 == texts[player] }
            return "“\(texts[player].isolated)”" + (before == 0 ? "" : " (\(before + 1))")
        case .vector: return ""
        }
    }

    static func text(of word: Picture.Word, in caption: String) -> String {
        let slice = String(String.UnicodeScalarView(Array(caption.unicodeScalars)[word.start..<word.end])).trimmed
        return slice.isEmpty ? word.token.trimmed : slice
    }
}
