import FIxLIPProtocol
import JSON
import JSONRPC
import Testing

/// Methods are called with their own parameter types, and answer with their own result types.
@Suite(.timeLimit(.minutes(10))) struct TypedCalls {
    private let daemon: DaemonProcess
    private let client: RPCClient

    init() throws {
        daemon = try DaemonProcess()
        client = try daemon.connect()
    }

    @Test func aMethodWithoutParameters() throws {
        #expect(try client.call(ServerPing.self).pid == Int(daemon.pid))
    }

    @Test func anExplanationWithItsProgress() throws {
        let match = ExplanationOpen.Parameters(
            image: ImageInput(.path(DaemonProcess.scenes + "/scene-01.png")), text: "a dog next to a guitar",
            players: PlayersChoice(image: .init(grid: .init(rows: 2, columns: 2)), text: .words))
        let opened = try client.call(ExplanationOpen.self, match)
        #expect(opened.players.image?.count == 4)
        var reports: [RefinementProgress.Kind] = []
        let refined = try client.call(
            ExplanationRefine.self,
            .init(
                explanation: opened.explanation, rules: .init(progressToken: .string("here")),
                values: Selection(layout: .init(pairs: .top(2))))
        ) { reports.append($0.kind) }
        #expect(reports.first == .begin)
        #expect(reports.last == .end)
        #expect(refined.stopReason == .exhausted)
        #expect(refined.values.pairs?.items?.count == 2)
        let explained = try client.call(Explain.self, .init(open: match, layout: .init(pairs: PairSelection.none)))
        #expect(explained.fullValue == opened.fullValue)
        #expect(explained.values.pairs == nil)
    }

    @Test func anErrorIsTheDaemons() throws {
        #expect {
            try client.call(ExplanationClose.self, .init(explanation: "x9-nobody"))
        } throws: { error in
            guard case RPCClientError.remote(let answer) = error else { return false }
            return answer.code == ErrorKind.explanationNotFound.rawValue
        }
    }

    @Test func aResultOfAnotherFormIsMalformed() throws {
        #expect {
            try ServerPing.result(from: ["pid": "seven"])
        } throws: {
            "\($0)".contains("server/ping")
        }
    }
}
