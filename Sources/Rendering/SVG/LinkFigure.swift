import ShownText

/// The main figure: the image with its heat and the words with their bars. The strongest words are linked to the
/// patches they have their meaning from: by a colour and a name on the image, or, in views of pairs, by curves.
struct LinkFigure {
    var report: Report
    /// Prefix of the shared definitions' ids.
    var id: String
    var width: Double
    /// Whether the heat and the rows carry what the page's script needs.
    var interactive = false

    /// What another figure beside this one shows, so that both have their bars on one axis.
    var companion: Report?

    private var narrow: Bool { width < 440 }
    private var picture: Picture { report.picture }
    private var decimals: Int { NumberText.decimals(for: report.wordScale) }

    /// The words that have a row.
    private var rowWords: [Int] { report.rowWords }
    private var wordCount: Int { max(1, rowWords.count, companion?.rowWords.count ?? 0) }

    /// A narrow figure has room for bars under the words only, and for that many words.
    private var stacked: Bool { narrow && wordCount <= 16 }

    private var rowHeight: Double {
        let fitting = frame(y: 0).height / Double(stacked ? wordCount : max(1, rowWords.count))
        return stacked ? max(32, min(38, fitting)) : max(17, min(narrow ? 30 : 44, fitting))
    }
    private var wordSize: Double { min(width < 620 ? 14.5 : 17, rowHeight * 0.68) }
    /// The size that words are fitted with: where room is short they touch what is beside them in a wide face.
    private var fittedSize: Double { narrow ? wordSize * TextWidth.widest : wordSize }
    private var valueSize: Double { min(narrow ? 10.5 : width < 620 ? 11.5 : 12.5, rowHeight * 0.68) }
    private var gutter: Double { narrow ? 34 : min(120, width * 0.12) }

    private func frame(y: Double) -> ImageFrame {
        // A panorama would be a strip beside the words.
        let isWide = picture.image.width > 2 * picture.image.height
        let imageWidth = min(width * (narrow ? 0.5 : isWide ? 0.58 : 0.44), isWide ? 600 : 440)
        return ImageFrame(picture, id: id, x: 0, y: y, width: imageWidth, maxHeight: imageWidth * 1.4)
    }

    func figure() -> Figure {
        let rows = rowHeight * Double(rowWords.count) + (report.otherWordsLine.isEmpty ? 0 : 22)
        let head = 18.0
        let content = max(frame(y: 0).height, rows)
        // Beside a long list of words the picture stays near its beginning.
        let frame = frame(y: head + min(64, (content - frame(y: 0).height) / 2))
        let top = stacked ? head : head + (content - rows) / 2
        var drawing = Drawing()

        frame.drawImage(into: &drawing)
        frame.drawHeat(Definitions.heatID(id), into: &drawing, class: interactive ? "heat" : nil)
        if interactive {
            drawing.append("<g class=\"live\" shape-rendering=\"crispEdges\" transform=\"\(frame.transform)\"></g>")
        }
        drawColumns(top: top, into: &drawing)
        drawLinks(frame: frame, top: top, into: &drawing)
        if !report.regions.isEmpty {
            drawing.group(interactive ? "class=\"regions\"" : "") { drawRegions(frame: frame, into: &$0) }
        }
        if interactive { drawTouchArea(frame, into: &drawing) }
        if let focus = report.focus, !picture.isWord(focus) { frame.drawOutline(focus, into: &drawing) }

        var height = head + content
        if !report.heat.isEmpty {
            let legend = Legend(title: report.heatTitle, scale: report.heatScale, errors: report.hasErrors)
            // Below all rows: curves to the words of a long caption pass beneath the image.
            let (x, y, room) = (frame.x, head + content + 12, max(150, min(frame.width, 300)))
            drawing.group(interactive ? "class=\"heat-legend\"" : "") {
                legend.draw(x: x, y: y, width: room, into: &$0)
            }
            if interactive {
                // Shown while the page's script shows a word's map, which has a scale of its own.
                let pairs = Legend(
                    title: "pair of the \(picture.textKind.singular) and patch, logits", scale: report.scales.crossPair,
                    errors: report.hasErrors)
                drawing.group("class=\"map-legend\" visibility=\"hidden\"") {
                    pairs.draw(x: x, y: y, width: room, into: &$0)
                }
            }
            height = y + legend.height
        }
        return Figure(width: width, height: height + 4, markup: drawing.markup)
    }

    // MARK: Words

    private var wordX: Double { frame(y: 0).width + gutter }
    private var longestWord: Double {
        let reports = [report] + (companion.map { [$0] } ?? [])
        let longest =
            reports.flatMap { report in report.rowWords.map { TextWidth.ems(report.picture.text(ofWord: $0)) } }.max()
            ?? 0
        return stacked ? width - wordX - 4 : min(longest * fittedSize, 210, width - wordX - labelWidth)
    }

    /// Room for the longest value with its error.
    private var labelWidth: Double {
        TextWidth.ems(valueText(Measured(-report.wordScale, report.hasErrors ? 1 : nil))) * valueSize * TextWidth.widest
            + 10
    }

    /// A word without a row is where its row would be.
    private func rowCenter(_ word: Int, top: Double) -> Double {
        top + rowHeight * (Double(rowWords.count { $0 < word }) + 0.5)
    }

    /// How far from a row's centre its word and its bar lie.
    private var wordOffset: Double { stacked ? -6 : 0 }
    private var barOffset: Double { stacked ? 7 : 0 }
    private var barThickness: Double { stacked ? 7 : min(12, rowHeight * 0.42) }

    private func drawColumns(top: Double, into drawing: inout Drawing) {
        let barStart = stacked ? wordX : wordX + longestWord + 20
        let hasBars = width - labelWidth - barStart >= 36
        let values = (report.wordValues + (companion?.wordValues ?? [])).compactMap { $0 }
        let axis = BarAxis(values: values, from: barStart, to: width - labelWidth)
        let bottom = top + rowHeight * Double(rowWords.count)
        if !picture.words.isEmpty {
            drawing.text(report.wordTitle, x: width, y: top - 9, size: 11, class: "soft", anchor: .end)
            if hasBars, !stacked {
                drawing.line(x1: axis.zero, y1: top, x2: axis.zero, y2: bottom, class: "axis", width: 0.75)
            }
        }
        if !report.otherWordsLine.isEmpty {
            let line = TextWidth.fit(report.otherWordsLine, size: 11 * TextWidth.widest, width: width - wordX)
            drawing.text(line, x: wordX, y: bottom + 15, size: 11, class: "soft")
        }
        for index in rowWords {
            let y = rowCenter(index, top: top)
            let player = picture.patchCount + index
            let name = TextWidth.fit(picture.text(ofWord: index), size: fittedSize, width: longestWord + 4)
            let attributes = interactive ? "class=\"row\" data-player=\"\(index)\" tabindex=\"0\"" : ""
            let title = report.wordValues[index].map { "\(picture.longName(player)): \(valueText($0)) logits" }
            drawing.group(attributes, title: title) {
                if interactive {
                    $0.rect(
                        x: wordX - 4, y: y - rowHeight / 2, width: width - wordX + 4, height: rowHeight, class: "hit",
                        opacity: 0)
                }
                if let region = report.regions.first(where: { $0.word == player }) {
                    $0.rect(
                        x: wordX - 13, y: y + wordOffset - wordSize * 0.36, width: 6, height: wordSize * 0.85,
                        class: "r\(region.color)", radius: 1.5)
                }
                $0.text(name, x: wordX, y: y + wordOffset + wordSize * 0.33, size: wordSize, class: "word ink")
                guard let value = report.wordValues[index] else {
                    let line = y + wordOffset + wordSize * 0.5
                    $0.line(
                        x1: wordX, y1: line, x2: wordX + TextWidth.ems(name) * wordSize, y2: line, class: "outline",
                        width: 1.5)
                    return
                }
                if hasBars {
                    let middle = y + barOffset
                    if stacked {
                        $0.line(
                            x1: axis.zero, y1: middle - 6, x2: axis.zero, y2: middle + 6, class: "axis", width: 0.75)
                    }
                    axis.draw(value, y: middle, thickness: barThickness, into: &$0)
                }
                $0.text(
                    valueText(value), x: width, y: y + barOffset + valueSize * 0.35, size: valueSize,
                    class: Tint.textClass(value.value, decimals: decimals), anchor: .end)
            }
        }
    }

    private func valueText(_ value: Measured) -> String { NumberText.withError(value, decimals: decimals) }

    /// Takes clicks and keys for the patches below it.
    private func drawTouchArea(_ frame: ImageFrame, into drawing: inout Drawing) {
        let attributes =
            "class=\"touch\" tabindex=\"0\" role=\"group\" aria-label=\"Patches: arrow keys choose one\" "
            + "data-width=\"\(picture.image.width)\" data-height=\"\(picture.image.height)\""
        drawing.append(
            "<rect \(attributes) x=\"\(px(frame.x))\" y=\"\(px(frame.y))\" width=\"\(px(frame.width))\" "
                + "height=\"\(px(frame.height))\" fill-opacity=\"0\"/>")
    }

    // MARK: Regions

    /// Each word's patches outlined in the word's colour, its name at the largest piece.
    private func drawRegions(frame: ImageFrame, into drawing: inout Drawing) {
        guard picture.patches.formGrid else { return }
        let (boxes, columns) = (picture.patches.boxes, picture.patches.columns)
        var outline = RoundedOutline(boxes: boxes, columns: columns, inset: 0)
        let seen =
            picture.seenBox
            ?? .init(
                x0: 0, y0: 0, x1: Double(picture.image.width), y1: Double(picture.image.height))
        let inside = outline.path(around: Set(report.regions.flatMap(\.patches)).sorted())
        drawing.append(
            "<path class=\"paper veil\" fill-opacity=\"\(px(Tint.surroundingsOpacity))\" fill-rule=\"evenodd\" "
                + "transform=\"\(frame.transform)\" d=\"\(PatchOutline.path(of: seen))\(inside)\"/>")
        outline.inset = frame.inSourcePixels(narrow ? 1.5 : 2.5)
        for region in report.regions {
            let d = outline.path(around: region.patches)
            for (name, width) in [("casing", narrow ? 4.0 : 6), ("r\(region.color)s", narrow ? 2 : 3)] {
                drawing.append("<path class=\"\(name)\" \(frame.stroke(width)) d=\"\(d)\"/>")
            }
        }
        for (region, name, tag) in tags(in: frame) {
            drawing.rect(
                x: tag.x, y: tag.y, width: tag.width, height: tag.height, class: "r\(region.color)", radius: 3)
            drawing.text(
                name, x: tag.x + tag.width / 2, y: tag.y + tag.height / 2 + tagSize * 0.35, size: tagSize,
                class: "tag", anchor: .middle)
        }
    }

    /// The names of the regions' words, each where it hides no other.
    private func tags(in frame: ImageFrame) -> [(region: WordRegion, name: String, tag: Tag)] {
        guard picture.patches.formGrid else { return [] }
        var result: [(region: WordRegion, name: String, tag: Tag)] = []
        for region in report.regions {
            let pieces = PatchOutline.pieces(of: region.patches, columns: picture.patches.columns)
            guard let piece = pieces.first else { continue }
            let name = TextWidth.fit(
                picture.wordNames[region.word - picture.patchCount], size: tagSize, width: frame.width * 0.6)
            let tag = Tag.places(
                beside: piece.map(frame.box), width: TextWidth.ems(name) * tagSize * 1.08 + 12, height: tagSize + 8,
                in: frame
            ).first { place in !result.contains { $0.tag.overlaps(place) } }
            if let tag { result.append((region, name, tag)) }
        }
        return result
    }

    private var tagSize: Double { narrow ? 11 : width < 620 ? 12 : 14 }

    // MARK: Links

    private func drawLinks(frame: ImageFrame, top: Double, into drawing: inout Drawing) {
        var taken = tags(in: frame).map(\.tag)
        for link in report.links.reversed() {
            let scale = report.scale(of: link)
            let size = scale > 0 ? abs(link.measured.value) / scale : 0
            let stroke = (narrow ? 0.6 : 1) + (narrow ? 1.8 : 4.5) * size
            let d = path(of: link, frame: frame, top: top)
            let title = "\(report.name(of: link)): \(report.text(of: link)) logits"
            drawing.group(title: title) {
                $0.path(d, class: "casing", width: stroke + (narrow ? 1.2 : 2), opacity: 0.55)
                $0.path(
                    d, class: Tint.cssClass(link.measured.value) + "s", width: stroke,
                    opacity: 0.25 + 0.7 * link.measured.confidence)
                if report.view == .overview, !narrow {
                    drawValue(of: link, frame: frame, top: top, beside: &taken, into: &$0)
                }
            }
        }
        for patch in Set(report.links.flatMap { [$0.a, $0.b] }.filter { !picture.isWord($0) }).sorted() {
            let center = frame.center(patch)
            drawing.circle(x: center.x, y: center.y, radius: narrow ? 2.5 : 3.5, class: "paper")
            drawing.circle(x: center.x, y: center.y, radius: narrow ? 1.5 : 2.25, class: "ink")
        }
    }

    /// How far a curve between two words reaches to the left.
    private func bulge(from: Double, to: Double) -> Double {
        min(gutter * (narrow ? 0.6 : 0.9), 14 + abs(to - from) * 0.35)
    }

    /// The value of a pair at its curve's middle, unless it would hide what has been `taken`.
    private func drawValue(
        of link: MeasuredPair, frame: ImageFrame, top: Double, beside taken: inout [Tag], into drawing: inout Drawing
    ) {
        let text = NumberText.signed(link.measured.value, decimals: NumberText.decimals(for: link.measured.value))
        func end(_ player: Int) -> (x: Double, y: Double) {
            picture.isWord(player)
                ? (wordX - 18, rowCenter(player - picture.patchCount, top: top)) : frame.center(player)
        }
        let (a, b) = (end(link.a), end(link.b))
        let isOfWords = picture.isWord(link.a)
        let middle = (
            x: isOfWords ? a.x - bulge(from: a.y, to: b.y) * 0.75 : (a.x + b.x) / 2, y: (a.y + b.y) / 2
        )
        let room = TextWidth.ems(text) * 11 * TextWidth.widest + 6
        // Between patches side by side it would hide both.
        guard max(abs(b.x - a.x), abs(b.y - a.y)) > 2 * room || isOfWords else { return }
        let place = Tag(x: middle.x - room / 2, y: middle.y - 8, width: room, height: 16)
        guard !taken.contains(where: { $0.overlaps(place) }) else { return }
        taken.append(place)
        drawing.rect(
            x: place.x, y: place.y, width: place.width, height: place.height, class: "paper", opacity: 0.9, radius: 3)
        drawing.text(
            text, x: middle.x, y: middle.y + 4, size: 11, class: Tint.cssClass(link.measured.value) + "t",
            anchor: .middle)
    }

    private func path(of link: MeasuredPair, frame: ImageFrame, top: Double) -> String {
        if picture.isWord(link.a) {
            let x = wordX - 18
            let ends = [link.a, link.b].map { rowCenter($0 - picture.patchCount, top: top) + wordOffset }
            let bulge = x - self.bulge(from: ends[0], to: ends[1])
            return
                "M\(px(x)) \(px(ends[0]))C\(px(bulge)) \(px(ends[0])) \(px(bulge)) \(px(ends[1])) \(px(x)) \(px(ends[1]))"
        }
        let from = frame.center(link.a)
        guard picture.isWord(link.b) else { return arc(from: from, to: frame.center(link.b)) }
        let to = (x: wordX - 8, y: rowCenter(link.b - picture.patchCount, top: top) + wordOffset)
        let reach = (to.x - from.x) * 0.5
        return
            "M\(px(to.x)) \(px(to.y))C\(px(to.x - max(gutter * 0.6, reach * 0.7))) \(px(to.y)) \(px(from.x + reach)) \(px(from.y)) \(px(from.x)) \(px(from.y))"
    }

    /// An arc that bends away from the straight line by a fifth of its length.
    private func arc(from: (x: Double, y: Double), to: (x: Double, y: Double)) -> String {
        let (dx, dy) = (to.x - from.x, to.y - from.y)
        let middle = (x: (from.x + to.x) / 2 + dy * 0.2, y: (from.y + to.y) / 2 - dx * 0.2)
        return "M\(px(from.x)) \(px(from.y))Q\(px(middle.x)) \(px(middle.y)) \(px(to.x)) \(px(to.y))"
    }
}

/// The room of a word's name on the image, or of a value at a curve.
private struct Tag {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    func overlaps(_ other: Tag) -> Bool {
        x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
    }

    /// Places that touch a piece of patches: above it, below it, then within; all inside the image.
    static func places(
        beside boxes: [(x: Double, y: Double, width: Double, height: Double)], width: Double, height: Double,
        in frame: ImageFrame
    ) -> [Tag] {
        let left = boxes.map(\.x).min() ?? frame.x
        let right = boxes.map { $0.x + $0.width }.max() ?? left
        let top = boxes.map(\.y).min() ?? frame.y
        let bottom = boxes.map { $0.y + $0.height }.max() ?? top
        let middle = (left + right - width) / 2
        let rows = [top - height, bottom, top, bottom - height]
        return rows.flatMap { y in
            [middle, left, right - width].map { x in
                Tag(x: min(max(x, frame.x), frame.x + frame.width - width), y: y, width: width, height: height)
            }
        }.filter { $0.y >= frame.y && $0.y + $0.height <= frame.y + frame.height }
    }
}

/// A horizontal axis that holds zero, the values and their whiskers.
struct BarAxis {
    private var least: Double
    private var most: Double
    private var from: Double
    private var to: Double

    init(values: [Measured], from: Double, to: Double) {
        least = min(0, values.map { $0.value - ($0.error ?? 0) }.min() ?? 0)
        most = max(0, values.map { $0.value + ($0.error ?? 0) }.max() ?? 0)
        if most <= least { most = least + 1 }
        self.from = from
        self.to = max(from + 1, to)
    }

    func x(_ value: Double) -> Double { from + (to - from) * (value - least) / (most - least) }
    var zero: Double { x(0) }

    /// A bar from zero to the value, fainter where its error is large, with the error as a whisker.
    func draw(_ value: Measured, y: Double, thickness: Double = 10, into drawing: inout Drawing) {
        let (start, end) = (min(zero, x(value.value)), max(zero, x(value.value)))
        drawing.rect(
            x: start, y: y - thickness / 2, width: max(0.5, end - start), height: thickness,
            class: Tint.cssClass(value.value), opacity: 0.35 + 0.65 * value.confidence)
        guard let error = value.error, error > 0 else { return }
        drawing.line(
            x1: x(value.value - error), y1: y, x2: x(value.value + error), y2: y, class: "whisker", opacity: 0.75)
    }
}
