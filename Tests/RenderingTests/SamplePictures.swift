import Rendering

/// Small pictures with values that can be checked by eye.
enum Sample {
    /// A 2×2 grid of 100×100 pixels and the caption "a red dog": 4 + 3 players, 21 pairs.
    /// Pairs: dog × row 1 column 1 is +2, red × row 2 column 2 is −1, the rest rise from 0.01 by hundredths.
    static func picture(
        caption: String = "a red dog", errors: Bool = true, pairs: Bool = true, image: Bool = true, history: Bool = true
    ) -> Picture {
        let words = spans(of: caption)
        let players = 4 + words.count
        var values = (0..<players * (players - 1) / 2).map { Double($0 + 1) / 100 }
        if words.count == 3 {
            values[position(0, 6, players)] = 2
            values[position(3, 5, players)] = -1
        }
        return Picture(
            model: "demo", title: "scene.png",
            image: .init(width: 200, height: 200, encoded: nil, cells: image ? cells : nil), caption: caption,
            patches: .init(
                rows: 2, columns: 2,
                boxes: [(0, 0), (100, 0), (0, 100), (100, 100)].map {
                    .init(x0: $0.0, y0: $0.1, x1: $0.0 + 100, y1: $0.1 + 100)
                }),
            words: words, similarity: .init(emptyValue: 1.5, fullValue: 9.25, cosine: 0.3125, probability: nil),
            estimate: .init(
                index: .banzhaf, p: 0.5, order: pairs ? 2 : 1, estimator: .ridge, first: (0..<players).map(Double.init),
                firstOrderReading: (0..<players).map { [0.5, -0.25, 0.125, -1, 0.25, -0.5, 4][$0 % 7] },
                pairs: pairs ? values : nil, readingErrors: errors ? .init(repeating: 0.1, count: players) : nil,
                pairErrors: errors ? .init(repeating: 0.05, count: values.count) : nil, looR2: 0.875, imageMasks: 64,
                textMasks: 8),
            history: history && !words.isEmpty
                ? [
                    .init(
                        imageMasks: 16, looR2: 0.5,
                        leading: [.init(players: [0, 4], value: 1.5), .init(players: [3], value: -0.5)]),
                    .init(
                        imageMasks: 64, looR2: 0.875,
                        leading: [.init(players: [0, 4], value: 2), .init(players: [3], value: -1)]),
                ] : [])
    }

    /// Where pair (i, j), i < j, stands in the upper triangle of `n` players.
    static func position(_ i: Int, _ j: Int, _ n: Int) -> Int { i * (2 * n - i - 1) / 2 + (j - i - 1) }

    /// Red, green; blue, white.
    static let cells = Picture.ColorCells(rows: 2, columns: 2, rgb: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])

    static func spans(of caption: String) -> [Picture.Word] {
        var words: [Picture.Word] = []
        var start: Int?
        let scalars = Array(caption.unicodeScalars) + [" "]
        for (index, scalar) in scalars.enumerated() {
            if scalar != " " {
                start = start ?? index
            } else if let begin = start {
                words.append(
                    .init(token: String(String.UnicodeScalarView(scalars[begin..<index])), start: begin, end: index))
                start = nil
            }
        }
        return words
    }

    /// Captions that have broken pages and terminals before.
    static let hostileCaptions = [
        "</title><script>alert(1)</script> x", "\"quoted\" 'single' & more", "\u{1B}[31mred \u{7} bell \u{0}nul",
        "\u{202E}reversed\u{202C} order", "كلب أحمر صغير", "👩‍👩‍👧 family 🐍", "]]> <!-- --> <svg onload=x>",
        "| pipe ` tick * star", "", "\n\n",
        "e\u{301}te\u{301} \u{FFFE} end",
    ]

    static let views: [PictureOptions.View] =
        [.overview, .pairs, .token(player: nil), .patch(player: nil)] + PictureOptions.Plot.allCases.map { .plot($0) }
}
