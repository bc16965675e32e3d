import Foundation
import JSON
import JSONRPC
import Testing

private let scene = JSONValue.string(DaemonProcess.scenes + "/scene-03.png")
private let caption: JSONValue = "a postbox next to a cocktail glass"
private let coarse: JSONValue = ["image": ["grid": ["rows": 2, "columns": 2]], "text": "words"]

@Suite("Explanations from shapiq's files", .serialized)
struct ImportProcessTests {
    let client: RPCClient
    private let daemon: DaemonProcess

    init() throws {
        daemon = try DaemonProcess(["--precision", "f32"])
        client = try daemon.connect()
    }

    private func importing(_ content: String, players: JSONValue = coarse, text: JSONValue = caption) throws
        -> JSONValue
    {
        try client.call(
            "explanation/import",
            params: ["image": scene, "text": text, "players": players, "content": .string(content)])
    }

    /// The numbers of a reply of `values`, `condition` or `subset`.
    private static func numbers(_ reply: JSONValue) -> [Double] {
        var result = reply["values"]?["pairs"]?["data"]?.doubles ?? []
        result += reply["image"]?.doubles ?? []
        for subset in reply["subsets"]?.array ?? [] {
            result += subset["players"]?.doubles ?? []
            result.append(subset["value"]?.double ?? .nan)
        }
        return result
    }

    @Test("what was exported is read like the original")
    func comesBackWhole() throws {
        let opened = try client.call("explanation/open", params: ["image": scene, "text": caption, "players": coarse])
        let original = try #require(opened["explanation"])
        _ = try client.call("explanation/refine", params: ["explanation": original])
        let exported = try client.call("explanation/export", params: ["explanation": original, "format": "shapiq"])
        let imported = try importing(try #require(exported["content"]?.string))
        #expect(imported["players"] == opened["players"])
        let handle = try #require(imported["explanation"])
        for (method, more) in [
            ("explanation/values", [:]), ("explanation/condition", ["player": 5]),
            ("explanation/subset", ["sizes": [1, 3, 5], "objective": "max"]),
        ] as [(String, [String: JSONValue])] {
            var replies: [JSONValue] = []
            for id in [original, handle] {
                let parameters: JSONValue = ["explanation": id]
                replies.append(try client.call(method, params: parameters.adding(more)))
            }
            let numbers = replies.map(Self.numbers)
            #expect(!numbers[0].isEmpty && numbers[0].count == numbers[1].count)
            for (a, b) in zip(numbers[0], numbers[1]) { #expect(abs(a - b) <= 1e-4 * max(1, abs(a)), "\(method)") }
        }
        let compared = try client.call("explanation/compare", params: ["explanations": [original, handle]])
        #expect(try #require(compared["crossModalCorrelation"]?.double) > 0.9999)
        for format in ["svg", "html", "ansi", "markdown"] as [JSONValue] {
            let page = try client.call("explanation/render", params: ["explanation": handle, "format": format])
            #expect(page["content"]?.string?.isEmpty == false)
        }
        let again = try client.call("explanation/export", params: ["explanation": handle, "format": "shapiq"])
        #expect(again["content"]?.string?.contains("\"n_players\":11") == true)
        let refusal = client.failure("explanation/refine", ["explanation": handle])
        #expect(refusal?.message.contains("imported") == true)
        #expect(
            client.failure("explanation/values", ["explanation": handle, "order": 1])?.message.contains("order") == true
        )
    }

    @Test("a file that shapiq wrote")
    func shapiqsOwn() throws {
        let content = try String(
            contentsOfFile: DaemonProcess.fixtures + "/shapiq-interaction-values.json", encoding: .utf8)
        let imported = try importing(content)
        let handle = try #require(imported["explanation"])
        let values = try client.call("explanation/values", params: ["explanation": handle])["values"]
        #expect(values?["index"] == "FWBII")
        let first = try #require(values?["first"]?.doubles)
        let pairs = try #require(values?["pairs"]?["data"]?.doubles)
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
                "explanation/import", ["image": scene, "text": caption, "players": coarse, "content": .string(content)])
            #expect(error?.code == RPCError.Code.invalidParams)
            #expect(
                error?.message.contains("content") == true && error?.message.contains(part) == true,
                "\(error?.message ?? "no error")")
        }
        let open = try client.call("explanation/list")["explanations"]?.array
        #expect(open?.isEmpty == true)
    }
}
