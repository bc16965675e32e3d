import ShownText

/// The strongest pairs as a graph: patches as crops on the left, words on the right in the caption's order, and a curve
/// for each pair.
struct NetworkFigure {
    var report: Report
    var id: String
    var width: Double

    private var picture: Picture { report.picture }
    private var narrow: Bool { width < 620 }
    private var size: Double { narrow ? 12.5 : 16 }
    private var cropSize: Double { narrow ? 24 : 34 }

    private struct Node {
        var player: Int
        var x: Double
        var y: Double
    }

    func figure() -> Figure {
        let pairs = report.strongestOfAllKinds
        let players = Set(pairs.flatMap { [$0.a, $0.b] }).sorted()
        let patches = players.filter { !picture.isWord($0) }
        let words = players.filter(picture.isWord)
        // Neighbours stand one below the other, so that no name lies over a crop.
        let crowd = Double(max(patches.count, words.count)) * (cropSize + 12) / 2
        let tall = max(narrow ? 110.0 : 180, crowd)
        let across = min(tall, width * (narrow ? 0.26 : 0.3))
        let center = (x: width * 0.46, y: tall)
        func nodes(_ players: [Int], isRight: Bool) -> [Node] {
            players.enumerated().map { place, player in
                let height = (2 * Double(place) + 1) / Double(players.count) - 1
                let reach = across * (1 - height * height / 2)
                return Node(
                    player: player, x: center.x + (isRight ? reach : -reach), y: center.y + tall * height)
            }
        }
        let all = nodes(patches, isRight: false) + nodes(words, isRight: true)
        let places = Dictionary(all.map { ($0.player, $0) }) { first, _ in first }
        let scale = pairs.map { abs($0.measured.value) }.max() ?? 0
        var drawing = Drawing()
        for pair in pairs.reversed() {
            guard let a = places[pair.a], let b = places[pair.b] else { continue }
            drawEdge(pair, from: a, to: b, center: center, scale: scale, into: &drawing)
        }
        for node in all { drawNode(node, into: &drawing) }
        return Figure(width: width, height: 2 * tall, markup: drawing.markup)
    }

    /// Thicker where it is stronger, fainter where its error is large.
    private func drawEdge(
        _ pair: MeasuredPair, from a: Node, to b: Node, center: (x: Double, y: Double), scale: Double,
        into drawing: inout Drawing
    ) {
        let size = scale > 0 ? abs(pair.measured.value) / scale : 0
        // A chord bent half the way to the centre: neighbours are joined by a short one.
        let bend = (x: ((a.x + b.x) / 2 + center.x) / 2, y: ((a.y + b.y) / 2 + center.y) / 2)
        drawing.group(title: "\(report.name(of: pair)): \(report.text(of: pair)) logits") {
            $0.path(
                "M\(px(a.x)) \(px(a.y))Q\(px(bend.x)) \(px(bend.y)) \(px(b.x)) \(px(b.y))",
                class: Tint.cssClass(pair.measured.value) + "s", width: 0.75 + (narrow ? 6 : 9) * size,
                opacity: (0.3 + 0.6 * size) * (0.35 + 0.65 * pair.measured.confidence))
        }
    }

    /// A word with a disc, a patch as a crop with a frame, as large and as wide as its own weight.
    private func drawNode(_ node: Node, into drawing: inout Drawing) {
        let value = picture.reading(node.player)
        let isWord = picture.isWord(node.player)
        let scale = isWord ? report.scales.word : report.scales.patch
        let strength = Tint.strength(value, scale: scale)
        let title = "\(picture.longName(node.player)): \(NumberText.signed(value.value, decimals: 2)) logits"
        drawing.group(title: title) {
            guard !isWord else {
                let radius = 3 + (narrow ? 6 : 9) * strength.squareRoot()
                $0.circle(x: node.x, y: node.y, radius: radius + 1.5, class: "paper")
                $0.circle(x: node.x, y: node.y, radius: radius, class: Tint.cssClass(value.value))
                let x = node.x + radius + 6
                let name = TextWidth.fit(
                    picture.wordNames[node.player - picture.patchCount], size: size * TextWidth.widest,
                    width: width - x)
                $0.text(name, x: x, y: node.y + size * 0.33, size: size, class: "word ink")
                return
            }
            let (x, y) = (node.x - cropSize / 2, node.y - cropSize / 2)
            let frame = 1 + 4 * strength
            $0.rect(
                x: x - frame, y: y - frame, width: cropSize + 2 * frame, height: cropSize + 2 * frame,
                class: strength > 0 ? Tint.cssClass(value.value) : "soft", radius: 2)
            PatchLocator(picture: picture, id: id).draw([node.player], x: x, y: y, size: cropSize, into: &$0)
            $0.text(
                picture.shortName(node.player), x: x - frame - 5, y: node.y + 4, size: 11, class: "soft", anchor: .end)
        }
    }
}
