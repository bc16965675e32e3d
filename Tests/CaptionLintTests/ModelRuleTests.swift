import Captions
import JSON
import ShownText
import Testing

import CaptionLint

@Suite("Rules that ask a model", .timeLimit(.minutes(10)))
struct ModelRuleTests {
    private func word(_ text: String, _ start: Int, _ value: Double, _ error: Double) -> WordWeights.Word {
        WordWeights.Word(
            text: text, start: start, end: start + text.unicodeScalars.count, value: value, standardError: error)
    }

    private func weights(_ words: [WordWeights.Word]) -> WordWeights {
        WordWeights(words: words, emptyValue: 2, fullValue: 12, cosine: 0.4, imageMasks: 256)
    }

    @Test("A word is against the image by more than two of its errors, and by a share of what others raise")
    func words() {
        let weights = weights([
            word("dog", 2, 10, 0.1), word("cat", 6, -3, 0.1), word("cow", 10, -3, 1.6), word("ant", 14, -0.5, 0.1),
        ])
        #expect(weights.against(share: 0.1).map(\.text) == ["cat"])
        #expect(weights.against(share: 0.01).map(\.text) == ["cat", "ant"])
        #expect(weights.against(share: 0.5).isEmpty)
    }

    @Test("Findings stand at the words, with what they take away")
    func finding() throws {
        let captions = try CaptionFinder.captions(in: "![a dög &amp; a cat](a.png)", languageId: "markdown")
        var evidence = DocumentEvidence()
        var known = CaptionEvidence()
        known.words = weights([word("dög", 2, 9, 0.1), word("cat", 10, -3, 0.1)])
        known.readUpTo = 5
        evidence.captions[0] = known
        let findings = Judge.findings(
            captions, images: [ImageFacts(state: .readable)], evidence: evidence, settings: LintSettings(),
            encoding: .utf16)
        #expect(findings.map(\.rule) == [.captionTruncated, .wordAgainstImage])
        let place = try #require(findings.last)
        #expect(place.range.start == TextPosition(line: 0, character: 16))
        #expect(place.range.end == TextPosition(line: 0, character: 19))
        #expect(place.message == "“cat” lowers the match by 3.00 ± 0.10 logits")
    }

    @Test("Another image fits better by more than the margin, and is named")
    func otherImage() throws {
        let captions = try CaptionFinder.captions(in: "![a](a.png)\n![b](b.png)", languageId: "markdown")
        var evidence = DocumentEvidence()
        evidence.columns = [0, 1]
        for index in 0..<2 {
            var known = CaptionEvidence()
            known.column = index
            evidence.captions[index] = known
        }
        evidence.matches = [0: [1, 9], 1: [3, 4]]
        let findings = Judge.findings(
            captions, images: Array(repeating: ImageFacts(state: .readable), count: 2), evidence: evidence,
            settings: LintSettings(), encoding: .utf16)
        #expect(findings.map(\.rule) == [.fitsAnotherImageBetter])
        #expect(findings.first?.related.first?.range == captions[1].range)
        #expect(findings.first?.message.contains("by 8.0 logits") == true)
    }

    @Test("A pair's standing takes no notice of what image or caption have with everything")
    func standing() {
        // Two axes tell pairs apart; the third is common to all.
        let neutral = NeutralScores(
            captions: [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]], images: [[0, 0, 1], [0.1, 0, 1], [0, 0.1, 1]],
            scale: 10, bias: -3)
        let plain = neutral.standing([1, 0, 0], [1, 0, 0])
        #expect(plain > 1)
        #expect(abs(neutral.standing([1, 0, 5], [1, 0, 0]) - plain) < 0.5)
        #expect(neutral.standing([0, 1, 0], [1, 0, 0]) < plain)
    }

    @Test("Numbers are written with the minus sign of typography")
    func numbers() {
        #expect(NumberText.plain(-2.345, decimals: 2) == "−2.35" || NumberText.plain(-2.345, decimals: 2) == "−2.34")
        #expect(NumberText.plain(0.05, decimals: 1) == "0.1")
        #expect(NumberText.plain(-0.001, decimals: 2) == "0.00")
        #expect(NumberText.plain(12.0, decimals: 0) == "12")
    }
}

@Suite("Reports", .timeLimit(.minutes(10)))
struct ReportTests {
    private func report(_ subjects: [String]) -> LintReport {
        var report = LintReport()
        let range = TextRange(
            start: TextPosition(line: 1, character: 2), end: TextPosition(line: 1, character: 5))
        report.entries = subjects.map { subject in
            LintReport.Entry(
                path: "a,b:c.md",
                finding: Finding(
                    rule: .altMissing, severity: .warning, message: "50% is\nmissing", range: range, caption: 0),
                subject: subject)
        }
        return report
    }

    @Test("Annotations escape what the runner would take for its own")
    func annotations() throws {
        let text = try ReportFormat.github.write(report(["x"]), version: "1")
        #expect(
            text
                == "::warning file=a%2Cb%3Ac.md,line=2,endLine=2,col=3,endColumn=6,title=alt-missing::50%25 is%0Amissing\n"
        )
    }

    @Test("A baseline accepts as many findings as it has, wherever they stand")
    func baseline() throws {
        let accepted = try Baseline(parsing: Array(try Baseline.text(of: report(["x", "x", "y"])).utf8))
        #expect(accepted.reduce(report(["x", "x", "y"])).entries.isEmpty)
        #expect(accepted.reduce(report(["x", "x", "x", "z"])).entries.map(\.subject) == ["x", "z"])
        #expect(throws: JSONError.self) { _ = try Baseline(parsing: Array("{}".utf8)) }
    }
}
