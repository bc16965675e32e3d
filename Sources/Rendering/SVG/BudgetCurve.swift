import Foundation
import ShownText

/// The estimates as the budget grew: leading values against image masks (log axis), and the leave-one-out R².
struct BudgetCurve {
    var report: Report
    var width: Double

    private struct Series {
        var players: [Int]
        var points: [(masks: Int, value: Double)]
    }

    /// The history, and after it the estimate itself where it had a larger budget.
    private var rounds: [Picture.Round] {
        let picture = report.picture
        let rounds = picture.history.filter { $0.imageMasks > 0 }
        guard let last = rounds.last, picture.estimate.imageMasks > last.imageMasks else { return rounds }
        let leading = last.leading.map { earlier in
            let players = earlier.players
            let value =
                players.count == 2
                ? picture.pair(players[0], players[1]).value : players.first.map { picture.reading($0).value }
            return Picture.Leading(players: players, value: value ?? earlier.value)
        }
        return rounds + [
            Picture.Round(imageMasks: picture.estimate.imageMasks, looR2: picture.estimate.looR2, leading: leading)
        ]
    }

    /// Nil where there are fewer than two estimates to compare.
    func figure() -> Figure? {
        guard let low = rounds.map(\.imageMasks).min(), let high = rounds.map(\.imageMasks).max(), low < high else {
            return nil
        }
        let narrow = width < 620
        let labelWidth = narrow ? 150.0 : 210.0
        let (left, right) = (44.0, width - labelWidth)
        func x(_ masks: Int) -> Double {
            left + (right - left) * (log(Double(masks)) - log(Double(low))) / (log(Double(high)) - log(Double(low)))
        }
        var drawing = Drawing()
        let valuesBottom = drawValues(
            top: 12, height: narrow ? 150 : 190, left: left, right: right, x: x, into: &drawing)
        let r2Bottom = drawR2(top: valuesBottom + 32, height: 54, left: left, right: right, x: x, into: &drawing)
        var lastLabel = -Double.infinity
        for masks in Set(rounds.map(\.imageMasks)).sorted(by: { ($0 == high ? -1 : $0) < ($1 == high ? -1 : $1) }) {
            let position = x(masks)
            drawing.line(x1: position, y1: r2Bottom, x2: position, y2: r2Bottom + 4, class: "axis", width: 0.75)
            let fits = masks == high || (position - lastLabel > 34 && x(high) - position > 34)
            guard fits else { continue }
            drawing.text("\(masks)", x: position, y: r2Bottom + 17, size: 11, class: "soft", anchor: .middle)
            if masks != high { lastLabel = position }
        }
        drawing.text("image masks", x: right + 22, y: r2Bottom + 17, size: 11, class: "soft")
        return Figure(width: width, height: r2Bottom + 24, markup: drawing.markup)
    }

    private var series: [Series] {
        var order: [[Int]] = []
        var points: [[Int]: [(masks: Int, value: Double)]] = [:]
        for round in rounds {
            for leading in round.leading where leading.value.isFinite {
                if points[leading.players] == nil { order.append(leading.players) }
                points[leading.players, default: []].append((round.imageMasks, leading.value))
            }
        }
        return order.compactMap { players in points[players].map { Series(players: players, points: $0) } }
    }

    /// Whole where there is room; a long word is shortened before its place is.
    private func label(_ player: Int) -> String {
        guard report.picture.isWord(player) else { return report.picture.shortName(player) }
        let name = report.picture.wordNames[player - report.picture.patchCount]
        return TextWidth.fit(name, size: 11, width: width < 620 ? 44 : 120).isolated
    }

    private func drawValues(
        top: Double, height: Double, left: Double, right: Double, x: (Int) -> Double, into drawing: inout Drawing
    ) -> Double {
        let series = series
        let values = series.flatMap { $0.points.map(\.value) }
        guard let least = values.min().map({ min(0, $0) }), let most = values.max().map({ max(0, $0) }), least < most
        else { return top }
        let bottom = top + height
        func y(_ value: Double) -> Double { bottom - (bottom - top) * (value - least) / (most - least) }
        let decimals = NumberText.decimals(for: max(most, -least))
        for tick in Set([least, 0, most]).sorted() where tick == 0 || abs(y(tick) - y(0)) > 14 {
            drawing.line(x1: left, y1: y(tick), x2: right, y2: y(tick), class: tick == 0 ? "axis" : "rule", width: 0.75)
            drawing.text(
                tick == 0 ? "0" : NumberText.signed(tick, decimals: decimals), x: left - 8, y: y(tick) + 4, size: 11,
                class: "soft", anchor: .end)
        }
        drawing.text("logits", x: left - 8, y: y(most == 0 ? least : most) + 17, size: 11, class: "soft", anchor: .end)
        var labels: [(y: Double, text: String, name: String)] = []
        let (room, labelSize) = (width - right - 12, 11 * TextWidth.widest)
        for line in series {
            guard let last = line.points.last else { continue }
            let name = Tint.cssClass(last.value)
            let d = line.points.enumerated().map { "\($0 == 0 ? "M" : "L")\(px(x($1.masks))) \(px(y($1.value)))" }
                .joined()
            drawing.path(d, class: name + "s", width: 1.5, opacity: 0.85)
            drawing.circle(x: x(last.masks), y: y(last.value), radius: 2.5, class: name)
            let text = line.players.map(label).reversed().joined(separator: " × ")
            let number = " \(NumberText.signed(last.value, decimals: decimals))"
            let fitted = TextWidth.fit(text, size: labelSize, width: room - TextWidth.ems(number) * labelSize)
            labels.append((y(last.value), fitted + number, name + "t"))
        }
        var floor = -Double.infinity
        for label in labels.sorted(by: { $0.y < $1.y }) {
            let position = max(label.y + 4, floor + 13)
            drawing.text(label.text, x: right + 10, y: position, size: 11, class: label.name)
            floor = position
        }
        return max(bottom, floor)
    }

    private func drawR2(
        top: Double, height: Double, left: Double, right: Double, x: (Int) -> Double, into drawing: inout Drawing
    ) -> Double {
        let points = rounds.compactMap { round in
            round.looR2.flatMap { $0.isFinite ? (masks: round.imageMasks, r2: max(0, min(1, $0))) : nil }
        }
        guard let last = points.last else { return top }
        let bottom = top + height
        func y(_ r2: Double) -> Double { bottom - height * r2 }
        for (tick, name) in [(0.0, "axis"), (1.0, "rule")] {
            drawing.line(x1: left, y1: y(tick), x2: right, y2: y(tick), class: name, width: 0.75)
            drawing.text(tick == 0 ? "0" : "1", x: left - 8, y: y(tick) + 4, size: 11, class: "soft", anchor: .end)
        }
        drawing.text("R²", x: left - 8, y: (top + bottom) / 2 + 4, size: 11, class: "soft", anchor: .end)
        let d = points.enumerated().map { "\($0 == 0 ? "M" : "L")\(px(x($1.masks))) \(px(y($1.r2)))" }.joined()
        drawing.path(d, class: "outline", width: 1.25)
        let name = width < 620 ? "R²" : "leave-one-out R²"
        drawing.text(
            "\(name) \(NumberText.plain(last.r2, decimals: 2))", x: right + 10, y: y(last.r2) + 4, size: 11,
            class: "ink")
        return bottom
    }
}
