import Testing
import Tokenizers

/// Which tokens are players, and how they group.
@Suite(.timeLimit(.minutes(10)))
struct PlayerTests {
    private func text(_ text: String, _ model: String = "clip-small") throws -> Tokenization {
        try fixtureTokenizer(model).tokenize(text)
    }

    @Test func clipPlayersLieBetweenBeginningAndEnd() throws {
        let found = try text("a dog")
        #expect(found.tokens == ["<|startoftext|>", "a</w>", "dog</w>", "<|endoftext|>"])
        #expect(found.playerPositions == [1, 2])
        #expect(
            found.players == [
                TextPlayer(token: "a</w>", start: 0, end: 1, ids: [found.ids[1]], positions: [1]),
                TextPlayer(token: "dog</w>", start: 2, end: 5, ids: [found.ids[2]], positions: [2]),
            ])
        #expect(try text("").players.isEmpty)
    }

    /// The text is pooled at the first end token, so nothing after it plays.
    @Test func clipPlayersEndAtAnEndTokenInTheText() throws {
        #expect(try text("a dog <|endoftext|> cat").players.map(\.token) == ["a</w>", "dog</w>"])
    }

    @Test func siglipPlayersAreNotThePad() throws {
        let found = try text("a dog, a dog", "siglip-small")
        #expect(found.ids.count == 64)
        #expect(found.players.map(\.token) == ["▁a", "▁dog", "▁a", "▁dog"])
        #expect(found.ids[4...].allSatisfy { $0 == 1 })
    }

    @Test func siglip2PlayersAreNeitherPadNorEnd() throws {
        let found = try text("a dog", "siglip2-small")
        #expect(found.ids.count == 64)
        #expect(found.tokens[found.players.count] == "<eos>")
        #expect(found.tokens[(found.players.count + 1)...].allSatisfy { $0 == "<pad>" })
        #expect(found.playerPositions == Array(0..<found.players.count))
    }

    @Test func truncationKeepsTheEnd() throws {
        let found = try text(String(repeating: "dog ", count: 100))
        #expect(found.truncated)
        #expect(found.ids.count == 18)
        #expect(found.tokens.last == "<|endoftext|>")
        #expect(found.players.count == 16)
        #expect(try text(String(repeating: "dog ", count: 16)).truncated == false)
        let padded = try text(String(repeating: "dog ", count: 100), "siglip2-small")
        #expect(padded.truncated && padded.ids.count == 64 && padded.tokens.last == "<eos>")
    }

    @Test func words() throws {
        let found = try text("A bicycle, the robot's hat!")
        let words = try found.players(groupedBy: .words)
        #expect(words.map(\.token) == ["A", "bicycle,", "the", "robot's", "hat!"])
        #expect(words.flatMap(\.positions) == found.playerPositions)
        #expect(words.map { [$0.start, $0.end] } == [[0, 1], [2, 10], [11, 14], [15, 22], [23, 27]])
        #expect(words[1].ids == words[1].positions.map { found.ids[$0] })
    }

    @Test func wordsWithSeparateSpaceTokens() throws {
        let found = try text("a dog above a bicycle", "siglip-small")
        let words = try found.players(groupedBy: .words)
        #expect(words.map(\.token) == ["a", "dog", "above", "a", "bicycle"])
        #expect(words.flatMap(\.positions) == found.playerPositions)
    }

    /// A token of two words cannot be absent for one of them alone.
    @Test func wordsThatShareATokenAreOne() throws {
        let found = try text("a dog above a bicycle", "siglip2-small")
        #expect(found.tokens[0] == "a▁d")
        let words = try found.players(groupedBy: .words)
        #expect(words.first?.token == "a dog")
        #expect(words.flatMap(\.positions) == found.playerPositions)
    }

    @Test func wordsOfWhitespaceAlone() throws {
        let found = try text("  ", "siglip2-small")
        #expect(try found.players(groupedBy: .words) == found.players)
        #expect(try text("   ").players(groupedBy: .words).isEmpty)
    }

    @Test(arguments: OffsetTests.models)
    func wordsPartitionThePlayers(model: String) throws {
        let tokenizer = try fixtureTokenizer(model)
        for text in try referenceTexts(of: model).texts.map(\.text) {
            let found = try tokenizer.tokenize(text)
            #expect(try found.players(groupedBy: .words).flatMap(\.positions) == found.playerPositions, "\(text)")
            #expect(try found.players(groupedBy: .tokens).flatMap(\.positions) == found.playerPositions)
        }
    }

    /// Chinese, Japanese and Thai put no spaces between words; a caption in them is no single player.
    @Test(arguments: [("狗和猫", 3), ("ギター", 3), ("หมา", 3), ("一只 dog。", 3), ("a dog", 2)])
    func scriptsWithoutSpaces(caption: String, count: Int) throws {
        let found = try text(caption)
        let players = try found.players(groupedBy: .words)
        #expect(players.flatMap(\.positions) == found.playerPositions)
        #expect(players.count == count, "\(players.map(\.token))")
        // No character is of two players.
        for (one, next) in zip(players, players.dropFirst()) { #expect(one.end <= next.start) }
    }

    @Test func bytesOfACharacterAreOneWord() throws {
        let found = try text("a dog 🎸")
        let players = try found.players(groupedBy: .words)
        #expect(players.map(\.token) == ["a", "dog", "🎸"])
        #expect(found.players.count >= 3)
    }

    @Test func spans() throws {
        let found = try text("a red bicycle and a dog")
        let players = try found.players(groupedBy: .spans([20..<23, 2..<13]))
        #expect(players.map(\.token) == ["dog", "red bicycle"])
        #expect(players[0].positions == [found.playerPositions.last])
        #expect(players[1].positions.allSatisfy { (2...13).contains(found.offsets[$0].lowerBound) })
    }

    @Test func spansThatCannotBe() throws {
        let found = try text("a red dog")
        func failure(_ spans: [Range<Int>], _ text: Tokenization) -> String {
            do {
                _ = try text.players(groupedBy: .spans(spans))
                return "none"
            } catch { return "\(error)" }
        }
        #expect(failure([0..<1, 1..<1], found) == "span 1: 1..<1 is empty")
        #expect(failure([0..<10], found) == "span 0: 0..<10 is outside the text's 9 characters")
        #expect(failure([-1..<2], found).contains("outside"))
        #expect(failure([0..<5, 4..<9], found) == "span 1: 4..<9 overlaps span 0, 0..<5")
        #expect(failure([0..<1, 1..<2], found) == "span 1: 1..<2: no token there")
        #expect(failure((0..<9).map { $0..<$0 + 1 }, found).contains("9 spans"))
        let long = try text("dog " + String(repeating: "a ", count: 20) + "dog")
        #expect(failure([44..<47], long).contains("truncated"))
        let joined = try text("a dog", "siglip2-small")
        #expect(failure([0..<1, 2..<5], joined).contains("a▁d"))
    }
}
