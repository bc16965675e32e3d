import FIxLIPProtocol
import Foundation
import JSONRPC
import Testing

private let scene = ImageInput(.text(DaemonProcess.scenes + "/scene-03.png"))
private let caption = "a postbox next to a cocktail glass"
private let coarse = PlayersChoice(image: .init(grid: .init(rows: 2, columns: 2)), text: .words)

@Suite("Explanations from shapiq's files", .serialized, .timeLimit(.minutes(10)))
struct ImportProcessTests {
    let client: RPCClient
    private let daemon: DaemonProcess

    init() throws {
        daemon = try DaemonProcess(["--precision", "f32"])
        client = try daemon.connect()
    }

    private func importing(_ content: String) throws -> ExplanationOpen.Result {
        try client.call(
            ExplanationImport.self, .init(image: scene, text: caption, players: coarse, content: content))
    }

    /// The numbers by which an explanation is read.
    private func numbers(_ explanation: String) throws -> [[Double]] {
        let values = try client.call(ExplanationValues.self, .init(explanation: explanation)).values
        let condition = try client.call(ExplanationCondition.self, .init(explanation: explanation, player: 5))
        let subsets = try client.call(
            ExplanationSubset.self, .init(explanation: explanation, sizes: [1, 3, 5], objective: .max)
        ).subsets
        return [
            values.pairs?.data?.doubles ?? [], condition.image,
            subsets.flatMap { $0.players.map(Double.init) + [$0.value] },
        ]
    }

    @Test("what was exported is read like the original")
    func comesBackWhole() throws {
        let opened = try client.call(ExplanationOpen.self, .init(image: scene, text: caption, players: coarse))
        let original = opened.explanation
        _ = try client.call(ExplanationRefine.self, .init(explanation: original))
        func exported(_ explanation: String) throws -> String {
            try client.call(ExplanationExport.self, .init(explanation: explanation, format: .shapiq)).content
        }
        let imported = try importing(try exported(original))
        #expect(imported.players == opened.players)
        let handle = imported.explanation
        for (first, second) in zip(try numbers(original), try numbers(handle)) {
            #expect(!first.isEmpty && first.count == second.count)
            for (a, b) in zip(first, second) { #expect(abs(a - b) <= 1e-4 * max(1, abs(a))) }
        }
        let compared = try client.call(ExplanationCompare.self, .init(explanations: [original, handle]))
        #expect(try #require(compared.crossModalCorrelation) > 0.9999)
        for format in RenderFormat.allCases {
            let page = try client.call(
                ExplanationRender.self, .init(explanation: handle, options: .init(format: format)))
            #expect(!page.content.isEmpty)
        }
        #expect(try exported(handle).contains("\"n_players\":11"))
        let refusal = client.failure(ExplanationRefine.self, .init(explanation: handle))
        #expect(refusal?.message.contains("imported") == true)
        let firstOrder = client.failure(
            ExplanationValues.self, .init(explanation: handle, selection: Selection(order: 1)))
        #expect(firstOrder?.message.contains("order") == true)
    }

    @Test("a file that shapiq wrote")
    func shapiqsOwn() throws {
        let content = try String(
            contentsOfFile: DaemonProcess.fixtures + "/shapiq-interaction-values.json", encoding: .utf8)
        let handle = try importing(content).explanation
        let values = try client.call(ExplanationValues.self, .init(explanation: handle)).values
        #expect(values.index == "FWBII")
        let first = values.first.doubles
        let pairs = try #require(values.pairs?.data).doubles
        // The game of the file is v(z) = 1 + Σ i·z_i/10 + 2·z_0·z_1 − z_3·z_10.
        for i in 0..<11 { #expect(abs(first[i] - Double(i) / 10) < 1e-4) }
        #expect(abs(pairs[0] - 2) < 1e-4)
        #expect(abs(pairs.reduce(0, +) - 1) < 1e-3)
        // Pair (3, 10) of 11 players.
        #expect(abs(pairs[33] + 1) < 1e-4)
    }

    @Test("files that are none say what is wrong with them")
    func faults() throws {
        let metadata = #""n_players": 11, "index": "FBII", "max_order": 2, "min_order": 0, "baseline_value": 1.0"#
        for (content, part) in [
            ("not JSON", "JSON"), ("[]", "metadata"), (#"{"metadata": {\#(metadata)}}"#, "data"),
            (
                #"{"metadata": {"n_players": 9, "index": "FBII", "max_order": 2, "baseline_value": 1}, "data": {}}"#,
                "4 + 7"
            ),
            (
                #"{"metadata": {"n_players": 11, "index": "k-SII", "max_order": 2, "baseline_value": 1}, "data": {}}"#,
                "k-SII"
            ),
            (
                #"{"metadata": {"n_players": 11, "index": "FBII", "max_order": 3, "baseline_value": 1}, "data": {}}"#,
                "max_order"
            ),
            (#"{"metadata": {\#(metadata)}, "data": {"0,11": 1}}"#, "0,11"),
            (#"{"metadata": {\#(metadata)}, "data": {"0": "one"}}"#, "number"),
        ] {
            let error = client.failure(
                ExplanationImport.self, .init(image: scene, text: caption, players: coarse, content: content))
            #expect(error?.code == RPCError.Code.invalidParams)
            #expect(
                error?.message.contains("content") == true && error?.message.contains(part) == true,
                "\(error?.message ?? "no error")")
        }
        #expect(try client.call(ExplanationList.self).explanations.isEmpty)
    }
}
