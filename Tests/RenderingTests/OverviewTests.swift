import Testing

import Rendering

/// What is seen at first sight: the sentence, the words' regions, the strongest pairs, the rows of a long caption.
@Suite("At first sight", .timeLimit(.minutes(10)))
struct OverviewTests {
    private func grid(rows: Int, columns: Int) -> [Picture.Box] {
        (0..<rows * columns).map {
            let (x, y) = (Double($0 % columns) * 10, Double($0 / columns) * 10)
            return Picture.Box(x0: x, y0: y, x1: x + 10, y1: y + 10)
        }
    }

    @Test("A region has one closed line for each of its edges, inside its patches")
    func outlines() throws {
        let outline = RoundedOutline(boxes: grid(rows: 3, columns: 4), columns: 4, inset: 1)
        func loops(_ patches: [Int]) -> [Substring] { outline.path(around: patches).split(separator: "z") }
        #expect(loops([5]).count == 1)
        #expect(loops([0, 5]).count == 2, "patches that meet at a corner stay apart")
        #expect(loops([0, 1, 2, 4, 6, 8, 9, 10]).count == 2, "a ring has an inner line")
        #expect(loops(Array(0..<12)).count == 1)
        let corners = outline.path(around: [5]).matches(of: #/Q([0-9.]+) ([0-9.]+) /#).map { "\($0.1) \($0.2)" }
        #expect(corners == ["11 11", "19 11", "19 19", "11 19"])
        #expect(outline.path(around: []).isEmpty)
    }

    @Test("The photo is veiled around the regions only, and as a whole by strength where there are none")
    func veil() throws {
        let whole = try Sample.picture().svg(.init(map: .cells, isCompact: true))
        #expect(whole.matches(of: /class="paper veil"/).count == 1)
        #expect(whole.matches(of: /<path class="paper" fill-opacity/).isEmpty)
        let none = try Sample.picture(pairs: false).svg(.init(map: .cells, isCompact: true))
        #expect(none.matches(of: /class="paper veil"/).isEmpty)
        #expect(!none.matches(of: /<path class="paper" fill-opacity/).isEmpty)
    }

    @Test("The strongest pair of words is a curve with its value, and told in the first sentence")
    func pairOfWords() throws {
        var picture = Sample.picture()
        picture.estimate.pairs?[Sample.position(5, 6, 7)] = -3
        let report = try Report(picture, options: .init())
        #expect(report.links.first.map { [$0.a, $0.b] } == [5, 6])
        #expect(
            report.lead
                == "“dog” (+4.00) raises the match most. Together, “red” and “dog” add 3.00 less than one by one.")
        #expect(report.figure(id: "a", width: 880).markup.contains(">−3.00<"))
        for text in [try picture.svg(), try picture.html()] { #expect(text.contains("less than")) }
    }

    @Test("A pair that is small beside the heaviest word is no curve; nor are those of a word's own region")
    func smallPairs() throws {
        var picture = Sample.picture()
        #expect(picture.strikingPairs(besides: []).map { [$0.a, $0.b] } == [[0, 6], [3, 5]])
        let regions = WordRegion.strongest(in: picture)
        #expect(picture.strikingPairs(besides: regions).map { [$0.a, $0.b] } == [[3, 5]])
        picture.estimate.firstOrderReading[6] = 40
        #expect(picture.strikingPairs(besides: regions).isEmpty)
    }

    @Test("A long caption has rows for its strongest words, and a line for the others")
    func longCaption() throws {
        let picture = Sample.picture(caption: (0..<40).map { "w\($0)" }.joined(separator: " "))
        let report = try Report(picture, options: .init())
        #expect(report.rowWords.count == 16 && report.rowWords == report.rowWords.sorted())
        func size(_ word: Int) -> Double { abs(picture.reading(4 + word).value) }
        let linked = report.regions.map { $0.word - 4 } + report.links.flatMap { [$0.a - 4, $0.b - 4] }
        let least = report.rowWords.filter { !linked.contains($0) }.map(size).min() ?? 0
        #expect((0..<40).allSatisfy { report.rowWords.contains($0) || size($0) <= least })
        #expect(report.otherWordsLine.hasPrefix("24 other words, none beyond ±"))
        #expect(try Report(Sample.picture(), options: .init()).otherWordsLine.isEmpty)
    }

    @Test("The heaviest word has a region, however weak its pairs are beside those of others")
    func heaviestWord() throws {
        var picture = Sample.picture(caption: "a red dog and one cat")
        let players = 4 + 6
        picture.estimate.firstOrderReading = [0, 0, 0, 0, 0, 2, 3, 0, 1, 4]
        picture.estimate.pairs = (0..<players * (players - 1) / 2).map { _ in 0 }
        for (patch, word, value) in [(0, 5, 5.0), (1, 6, 4), (2, 8, 3), (3, 9, 0.5)] {
            picture.estimate.pairs?[Sample.position(patch, word, players)] = value
        }
        picture.estimate.readingErrors = nil
        let regions = WordRegion.strongest(in: picture)
        #expect(regions.map(\.word) == [5, 6, 9] && regions.map(\.patches) == [[0], [1], [3]])
        #expect(regions.map(\.color) == [0, 1, 2])
    }

    @Test("Names are without the stop or comma after a word, unless they are nothing else")
    func punctuation() throws {
        let names = Sample.picture(caption: "a rose, two apples. !").wordNames
        #expect(names == ["a", "rose", "two", "apples", "!"])
    }
}
