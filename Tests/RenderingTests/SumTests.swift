import Rendering
import Testing

/// What adds up: the waterfall, and the parts that have a name.
@Suite("Sums", .timeLimit(.minutes(10)))
struct SumTests {
    /// Values whose pairs matter, for any caption.
    private func picture(_ caption: String = "a red dog") -> Picture {
        var picture = Sample.picture(caption: caption)
        picture.estimate.first = picture.estimate.first.indices.map { 0.3 * Double($0) - 0.5 }
        picture.estimate.baseline = 0.2
        return picture
    }

    /// v₀ + a_∅ + Σ a_S over the sets within `players`, by its definition.
    private func predicted(_ picture: Picture, _ players: [Int]) -> Double {
        let n = picture.patches.boxes.count + picture.words.count
        var value = picture.similarity.emptyValue + picture.estimate.baseline
        for i in players {
            value += picture.estimate.first[i]
            for j in players where j > i { value += picture.estimate.pairs?[Sample.position(i, j, n)] ?? 0 }
        }
        return value
    }

    @Test("The steps lead from the model's value of nothing to its value of all", arguments: [true, false])
    func stepsAddUp(pairs: Bool) throws {
        var picture = picture()
        if !pairs { picture.estimate.pairs = nil }
        let waterfall = try #require(try Report(picture, options: .init()).waterfall)
        #expect(waterfall.start == 1.5 && waterfall.end == 9.25)
        #expect(abs(waterfall.start + waterfall.steps.reduce(0) { $0 + $1.value } - waterfall.end) < 1e-9)
        #expect(waterfall.levels.last.map { abs($0.to - waterfall.end) < 1e-9 } == true)
        let held = waterfall.steps.filter { !$0.isMissed }.reduce(0) { $0 + $1.value }
        #expect(abs(held - (predicted(picture, Array(0..<7)) - predicted(picture, []))) < 1e-9)
    }

    @Test("A caption of many words and tokens that share a character add up to the same")
    func joinedAndLong() throws {
        for picture in [picture("one two three four five six seven eight nine ten"), overlapping] {
            let report = try Report(picture, options: .init())
            let waterfall = try #require(report.waterfall)
            let all = Array(0..<picture.patches.boxes.count + picture.words.count)
            let held = waterfall.steps.filter { !$0.isMissed }.reduce(0) { $0 + $1.value }
            #expect(abs(held - (predicted(picture, all) - predicted(picture, []))) < 1e-9)
            #expect(abs(report.predictedEnds.full - predicted(picture, all)) < 1e-9)
        }
        let long = try Report(picture("one two three four five six seven eight nine ten"), options: .init())
        #expect(long.waterfall?.steps.contains { $0.name == "4 other words" } == true)
    }

    /// Two tokens of one character.
    private var overlapping: Picture {
        var picture = picture()
        picture.words[1].end = picture.words[1].start + 1
        picture.words[2].start = picture.words[1].start
        return picture
    }

    @Test("A named part is a word with its patches; the estimate's value of it is the sum of what lies within")
    func namedParts() throws {
        let picture = picture()
        let subsets = picture.namedSubsets()
        #expect(subsets.count % 2 == 0 && !subsets.isEmpty)
        for subset in subsets {
            #expect(abs(subset.predicted - predicted(picture, subset.players)) < 1e-9)
            #expect(subset.players.contains(subset.word) == (subset.kind == .only))
        }
        let dog = try #require(subsets.first { $0.word == 6 && $0.kind == .only })
        let without = try #require(subsets.first { $0.word == 6 && $0.kind == .without })
        #expect(
            Set(dog.players).union(without.players) == Set(0..<7) && Set(dog.players).isDisjoint(with: without.players))
        #expect(dog.players.contains(0))
    }

    @Test("Parts of tokens that share a character hold all of those tokens")
    func partsOfTokens() throws {
        for subset in overlapping.namedSubsets() where subset.kind == .only && subset.word >= 5 {
            #expect(subset.players.contains(5) && subset.players.contains(6))
        }
    }

    @Test("Every format shows what adds up, and what the model says of parts where it was asked")
    func shown() throws {
        var picture = picture()
        picture.subsets = picture.namedSubsets().map {
            var subset = $0
            subset.modelValue = 7.77
            return subset
        }
        for text in [
            try picture.svg(), try picture.html(), try picture.markdown(), try picture.ansi(.init(colorMode: .none)),
        ] {
            #expect(text.contains("How it adds up") && text.contains("nothing shown") && text.contains("all shown"))
            #expect(text.contains("missed by the estimate") && text.contains("7.77"))
            #expect(text.contains("only “dog” + patches") && text.contains("without “dog” + patches"))
        }
        #expect(!(try picture.svg(.init(view: .token(player: nil))).contains("How it adds up")))
    }

    @Test("Lines of a terminal fit it", arguments: [32, 80], [PictureOptions.ColorMode.none, .trueColor])
    func terminalFits(width: Int, mode: PictureOptions.ColorMode) throws {
        let picture = picture("one two three four five six seven eight nine ten")
        let report = try Report(picture, options: .init())
        let lists = TerminalLists(report: report, text: TerminalText(mode: mode))
        let waterfall = try #require(report.waterfall)
        for line in lists.steps(waterfall, width: width) + lists.parts(width: width) {
            #expect(line.replacing(/\u{1B}\[[0-9;]*m/, with: "").columns <= width)
        }
    }

    @Test("Tokens are called tokens")
    func tokens() throws {
        var picture = picture()
        picture.textKind = .tokens
        for text in [try picture.svg(), try picture.html(), try picture.markdown()] {
            #expect(
                text.contains("Tokens and patches") && text.contains("token, logits") && !text.contains("word, logits"))
            #expect(text.contains("tokens on the image") || !text.contains("on the image"))
        }
    }
}
