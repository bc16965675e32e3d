import Interactions
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CoalitionTests {
    @Test("sets and bits agree at every word boundary", arguments: [1, 5, 63, 64, 65, 255, 256, 257, 320, 1024])
    func membership(count: Int) {
        let members = stride(from: 0, to: count, by: 3).map { $0 }
        var coalition = Coalition(members, of: count)
        #expect(coalition.members == members)
        #expect(coalition.size == members.count)
        #expect(coalition.presence.enumerated().filter { $0.element == 1 }.map(\.offset) == members)
        #expect(coalition.complement.size == count - members.count)
        #expect(coalition.overlap(with: coalition.complement) == 0)
        #expect(
            Coalition(full: count).isFull && Coalition(empty: count).isEmpty
                && Coalition(empty: count).complement.isFull)
        coalition.remove(0)
        #expect(!coalition.contains(0) && coalition.members == Array(members.dropFirst()))
        coalition.insert(0)
        #expect(coalition == Coalition(members.reversed(), of: count))
        #expect(coalition.hashValue == Coalition(members.reversed(), of: count).hashValue)
    }

    @Test func bitsNumberThePlayers() {
        #expect(Coalition(bits: 0b1011, of: 5).members == [0, 1, 3])
    }
}

@Suite(.timeLimit(.minutes(10)))
struct PlayerTests {
    @Test func aCoarserGridIsAUnionOfPatches() throws {
        let players = try ImagePlayers(patchRows: 4, patchColumns: 5, rows: 2, columns: 2)
        #expect(players.count == 4)
        // Five columns in two: three and two.
        #expect(players.playerOfPatch[..<5] == [0, 0, 0, 1, 1])
        #expect(players.playerOfPatch[15...] == [2, 2, 2, 3, 3])
        let shown = players.patchPresence(Coalition([1, 2], of: 4))
        #expect(shown == [0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0])
        #expect(players.box(of: 3).rows == 2..<4 && players.box(of: 3).columns == 3..<5)
    }

    @Test func everyPatchBelongsToOnePlayer() throws {
        for (rows, columns) in [(7, 7), (3, 5), (1, 1), (7, 2)] {
            let players = try ImagePlayers(patchRows: 7, patchColumns: 7, rows: rows, columns: columns)
            #expect((0..<players.count).flatMap { players.patches(of: $0) }.sorted() == Array(0..<49))
            #expect(players.patchPresence(Coalition(full: players.count)).allSatisfy { $0 == 1 })
        }
    }

    @Test func badImagePlayersAreExplained() {
        #expect(throws: InteractionError.self) { try ImagePlayers(patchRows: 7, patchColumns: 7, rows: 8, columns: 7) }
        #expect(throws: InteractionError.self) { try ImagePlayers(patchRows: 7, patchColumns: 7, rows: 0, columns: 7) }
        #expect(throws: InteractionError.self) { try ImagePlayers(patchRows: 2, patchColumns: 2, regions: [0, 1, 1]) }
        #expect(throws: InteractionError.self) {
            try ImagePlayers(patchRows: 2, patchColumns: 2, regions: [0, 2, 2, 0])
        }
        #expect(throws: InteractionError.self) {
            try ImagePlayers(patchRows: 2, patchColumns: 2, regions: [0, -1, 0, 0])
        }
        let message = #expect(throws: InteractionError.self) {
            try ImagePlayers(patchRows: 7, patchColumns: 7, rows: 9, columns: 9)
        }
        #expect(message?.description.contains("7×7 patches") == true)
    }

    @Test func textPlayersAreGroupsOfTokens() throws {
        let words = try TextPlayers(tokens: 5, groups: [[0], [1, 2], [4, 3]])
        #expect(words.tokenPresence(Coalition([1], of: 3)) == [0, 1, 1, 0, 0])
        #expect(try TextPlayers(tokens: 3).tokenPresence(Coalition([0, 2], of: 3)) == [1, 0, 1])
        for groups in [[[0], [1, 2]], [[0, 1], [1, 2, 3, 4]], [[0, 1, 2, 3, 4], []], [[0, 1, 2, 3, 5]]] {
            #expect(throws: InteractionError.self) { try TextPlayers(tokens: 5, groups: groups) }
        }
    }
}
