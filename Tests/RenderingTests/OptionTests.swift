import Rendering
import Testing

@Suite("Views, players and errors", .timeLimit(.minutes(10)))
struct OptionTests {
    @Test("Without a player, the view is about the one with the largest reading")
    func defaultPlayers() throws {
        let picture = Sample.picture()
        #expect(try picture.markdown(.init(view: .token(player: nil))).contains("What “dog” works with"))
        #expect(try picture.markdown(.init(view: .patch(player: nil))).contains("What row 2, column 2 works with"))
    }

    @Test("Players count image players first")
    func players() throws {
        let picture = Sample.picture()
        #expect(try picture.markdown(.init(view: .token(player: 5))).contains("What “red” works with"))
        #expect(try picture.markdown(.init(view: .patch(player: 2))).contains("What row 2, column 1 works with"))
        #expect(throws: RenderError.notAToken(player: 3, patches: 4)) {
            try picture.svg(.init(view: .token(player: 3)))
        }
        #expect(throws: RenderError.notAPatch(player: 4, patches: 4)) {
            try picture.html(.init(view: .patch(player: 4)))
        }
        #expect(throws: RenderError.playerOutOfRange(player: 7, players: 7)) {
            try picture.ansi(.init(view: .token(player: 7)))
        }
    }

    @Test(
        "Views of pairs say that they need order 2",
        arguments: [("pairs", PictureOptions.View.pairs), ("token", .token(player: nil)), ("patch", .patch(player: 0))])
    func needsPairs(name: String, view: PictureOptions.View) {
        #expect(throws: RenderError.noPairs(view: name)) {
            try Sample.picture(pairs: false).markdown(.init(view: view))
        }
    }

    @Test("Arrays that do not fit are named")
    func lengths() {
        var picture = Sample.picture()
        picture.estimate.pairs?.removeLast()
        #expect(throws: RenderError.lengthMismatch(field: "estimate.pairs", expected: 21, found: 20)) {
            try picture.svg()
        }
        picture = Sample.picture()
        picture.estimate.firstOrderReading.append(0)
        #expect(throws: RenderError.lengthMismatch(field: "estimate.firstOrderReading", expected: 7, found: 8)) {
            try picture.html()
        }
        picture = Sample.picture()
        picture.image.cells?.rgb.removeLast()
        #expect(throws: RenderError.lengthMismatch(field: "image.cells.rgb", expected: 12, found: 11)) {
            try picture.ansi()
        }
        picture = Sample.picture()
        picture.words[2].end = 99
        #expect(throws: RenderError.wordRangeInvalid(word: 2, start: 6, end: 99, captionLength: 9)) {
            try picture.markdown()
        }
        picture = Sample.picture()
        picture.image.width = 0
        #expect(throws: RenderError.imageSizeInvalid(width: 0, height: 200)) { try picture.svg() }
    }

    @Test("Options out of range are named")
    func options() {
        #expect(throws: RenderError.optionInvalid(name: "topK", value: 0, least: 1)) {
            try Sample.picture().svg(.init(topK: 0))
        }
        #expect(throws: RenderError.optionInvalid(name: "width", value: 100, least: 320)) {
            try Sample.picture().svg(.init(width: 100))
        }
        #expect(throws: RenderError.optionInvalid(name: "width", value: 10, least: 32)) {
            try Sample.picture().ansi(.init(width: 10))
        }
        #expect("\(RenderError.notAToken(player: 3, patches: 4))".contains("4 or above"))
    }

    @Test("Spans are Unicode scalars, and a token's leading space is not part of the word")
    func scalarSpans() throws {
        var picture = Sample.picture(caption: "e\u{301}te\u{301} 🐍 x")
        picture.words[1].start -= 1
        let markdown = try picture.markdown()
        #expect(markdown.contains("| e\u{301}te\u{301} |") && markdown.contains("| 🐍 |"))
    }

    @Test("A word that occurs twice is told apart")
    func repeatedWords() throws {
        let markdown = try Sample.picture(caption: "dog and dog").markdown()
        #expect(markdown.contains("| dog |") && markdown.contains("| dog (2) |"))
    }

    @Test("Patches that form no grid are regions")
    func regions() throws {
        var picture = Sample.picture()
        picture.patches.columns = 3
        #expect(try picture.markdown().contains("“dog” × region 1"))
        #expect(try picture.ansi(.init(colorMode: .none)).contains("region 1"))
    }
}
