import Testing

import Rendering

/// Plots alone: force, network and upset.
@Suite("Plots", .timeLimit(.minutes(10)))
struct PlotTests {
    private let picture = Sample.picture()

    private func report(_ plot: PictureOptions.Plot, topK: Int = 8) throws -> Report {
        try Report(picture, options: .init(view: .plot(plot), topK: topK))
    }

    /// Where the stretches of one class begin and end.
    private func stretches(_ name: String, in figure: Figure) -> [(from: Double, to: Double)] {
        figure.markup.matches(of: /<path d="M([0-9.-]+) [0-9.]+L([0-9.-]+) [^"]*" class="([a-z]+) gap"/).compactMap {
            guard $0.3 == name, let from = Double($0.1), let to = Double($0.2) else { return nil }
            return (from, to)
        }
    }

    @Test("Forces meet in the model's value, and their lengths are those of the steps")
    func force() throws {
        let values = ["rose": 3.0, "bus": -2, "apples": 1, "to": 0.001]
        var steps = values.sorted { $0.key < $1.key }.map { Waterfall.Step(name: $0.key, value: $0.value) }
        steps.append(Waterfall.Step(name: "missed", value: -0.5, isMissed: true))
        let figure = ForceFigure(waterfall: Waterfall(start: 1, steps: steps, end: 2.501), width: 880).figure()
        let raising = stretches("p", in: figure)
        let lowering = stretches("n", in: figure) + stretches("soft", in: figure)
        try #require(raising.count == 2 && lowering.count == 2, "none for what is printed as zero")
        let meeting = try #require(raising.map(\.to).max())
        #expect(try abs(#require(lowering.map(\.from).min()) - meeting) < 0.02)
        let lengths = (raising + lowering).map { $0.to - $0.from }.sorted()
        let unit = try #require(lengths.last) / 3
        for (length, size) in zip(lengths, [0.5, 1, 2, 3]) { #expect(abs(length - size * unit) < 0.05) }
        // The value of nothing lies as far to the left as the steps come to.
        let line = try #require(figure.markup.firstMatch(of: /<line x1="([0-9.]+)"/)?.1)
        #expect(try abs(meeting - #require(Double(line)) - 1.501 * unit) < 0.05)
        for name in ["rose", "bus", "apples", "missed"] { #expect(figure.markup.contains(">\(name)<")) }
    }

    @Test("No name of a force plot lies over another or over a line to one", arguments: [368.0, 880])
    func names(width: Double) throws {
        let steps = (0..<14).map { Waterfall.Step(name: "name \($0)", value: Double($0 + 1) * ($0 % 5 == 0 ? -1 : 1)) }
        let end = 1 + steps.reduce(0) { $0 + $1.value }
        let figure = ForceFigure(waterfall: Waterfall(start: 1, steps: steps, end: end), width: width).figure()
        let names = figure.markup.matches(
            of:
                /<text x="([0-9.]+)" y="([0-9.]+)" font-size="([0-9.]+)" class="ink"( text-anchor="end")?>name ([0-9]+)</
        )
        #expect(names.count > 7)
        let spans = names.compactMap { name -> (y: Double, from: Double, to: Double)? in
            guard let x = Double(name.1), let y = Double(name.2), let size = Double(name.3) else { return nil }
            let room = TextWidth.ems("name \(name.5)") * size
            return name.4 == nil ? (y, x, x + room) : (y, x - room, x)
        }
        let lines = figure.markup.matches(of: /<line x1="([0-9.]+)" y1="[0-9.]+" x2="[0-9.]+" y2="([0-9.]+)"/)
        for (index, span) in spans.enumerated() {
            #expect(span.from >= 0 && span.to <= width)
            #expect(!spans[..<index].contains { $0.y == span.y && $0.from < span.to && span.from < $0.to })
            let crossing = lines.compactMap { line -> Double? in
                guard let x = Double(line.1), let bottom = Double(line.2), bottom > span.y else { return nil }
                return span.from < x && x < span.to ? x : nil
            }
            #expect(crossing.isEmpty)
        }
    }

    @Test("A network has twice as many pairs as are listed of a kind, and each of their players once")
    func network() throws {
        let report = try report(.network, topK: 2)
        let figure = report.figure(id: "a", width: 880)
        let pairs = picture.strongestPairs(count: 4)
        #expect(pairs.map { abs($0.measured.value) }.prefix(2) == [2, 1])
        #expect(figure.markup.matches(of: /<path d="M[^"]*Q[^"]*"/).count == 4)
        let players = Set(pairs.flatMap { [$0.a, $0.b] })
        let words = players.filter(picture.isWord)
        #expect(figure.markup.matches(of: /class="word ink"/).count == words.count)
        #expect(figure.markup.matches(of: /class="crop"/).count == players.count - words.count)
    }

    @Test("An upset plot has the strongest terms first, players alone among pairs")
    func upset() throws {
        let report = try report(.upset, topK: 3)
        // first is 0, 1, … 6 for the players; the strongest pair is 2.
        #expect(report.terms.map(\.players) == [[6], [5], [4], [3], [0, 6], [2]])
        let figure = report.figure(id: "a", width: 880)
        #expect(figure.markup.matches(of: /<rect [^>]*class="[pn]"/).count == 6)
        #expect(figure.markup.matches(of: #/<circle /#).count == 7)
    }

    @Test("A plot stands alone in a drawing; a terminal lists what it shows", arguments: PictureOptions.Plot.allCases)
    func alone(plot: PictureOptions.Plot) throws {
        let options = PictureOptions(view: .plot(plot))
        for text in [try picture.svg(options), try picture.html(options)] {
            #expect(!text.contains("As the budget grew") && !text.contains("Words and patches"))
            #expect(text.contains(try report(plot).viewTitle))
        }
        let terminal = try picture.ansi(.init(view: .plot(plot), colorMode: .none))
        let isSum = plot == .waterfall || plot == .force
        #expect(terminal.contains("all shown") == isSum && terminal.contains("Pairs of every kind") != isSum)
    }

    @Test("Of order 1 there is no network; the other plots are of single players")
    func firstOrder() throws {
        let picture = Sample.picture(pairs: false)
        #expect(throws: RenderError.noPairs(view: "network")) { try picture.svg(.init(view: .plot(.network))) }
        for plot in PictureOptions.Plot.allCases where plot != .network {
            #expect(try picture.svg(.init(view: .plot(plot))).contains("dog"))
        }
    }
}
