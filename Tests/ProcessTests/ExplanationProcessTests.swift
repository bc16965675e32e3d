import Foundation
import JSON
import JSONRPC
import Testing

private let scene = JSONValue.string(DaemonProcess.scenes + "/scene-03.png")
private let caption: JSONValue = "a postbox next to a cocktail glass"

@Suite("Explanations by the running daemon", .serialized)
struct ExplanationProcessTests {
    let daemon: DaemonProcess
    let client: RPCClient

    init() throws {
        daemon = try DaemonProcess(["--precision", "f32"])
        client = try daemon.connect()
    }

    private func open(_ text: JSONValue = caption, _ more: [String: JSONValue] = [:]) throws -> JSONValue {
        let parameters: JSONValue = ["image": scene, "text": text]
        return try client.call("explanation/open", params: parameters.adding(more))
    }

    private func refine(
        _ opened: JSONValue, masks: Int64, onProgress: (JSONValue) -> Void = { _ in }
    ) throws -> JSONValue {
        try client.call(
            "explanation/refine",
            params: [
                "explanation": opened["explanation"] ?? .null, "budget": ["imageMasks": .integer(masks)],
                "progressToken": "t", "values": ["standardErrors": false],
            ]
        ) { method, params in
            if method == "$/progress", let value = params["value"] { onProgress(value) }
        }
    }

    @Test("the strongest pairs of a noun lie on its object")
    func findsObjects() throws {
        let opened = try open()
        let result = try refine(opened, masks: 300)
        let words = try #require(opened["players"]?["text"]?.array)
        let boxes = try #require(opened["players"]?["image"]?["boxes"]?.array)
        let patches = boxes.count
        let players = patches + words.count
        let pairs = try #require(result["values"]?["pairs"]?["data"]?.doubles)
        func pair(_ i: Int, _ j: Int) -> Double { pairs[i * (2 * players - i - 1) / 2 + (j - i - 1)] }
        let objects = ["postbox": [162.0, 38, 218, 118], "cocktail": [44.0, 34, 126, 130]]
        for (noun, object) in objects {
            let word = try #require(
                words.firstIndex { $0["token"]?.string?.hasPrefix(noun) == true }, "no token \(noun)")
            let best = try #require((0..<patches).max { pair($0, patches + word) < pair($1, patches + word) })
            let box = boxes[best].doubles
            #expect(box[0] < object[2] && box[2] > object[0] && box[1] < object[3] && box[3] > object[1])
        }
    }

    @Test("a second caption encodes no image mask, and a reopened one nothing at all")
    func warmImage() throws {
        _ = try refine(try open(), masks: 128)
        let second = try open("a dog beside a red car")
        #expect(second["warm"]?["imageMasks"] == 128)
        _ = try refine(second, masks: 128)
        let status = try client.call("server/status", params: [:])
        #expect(status["games"]?["image"]?["masks"] == 128)
        #expect(status["games"]?["image"]?["count"] == 1)
        #expect(status["games"]?["text"]?["count"] == 2)
        let again = try open()
        #expect(again["warm"]?["imageMasks"] == 128)
        #expect(again["warm"]?["textMasks"] == 128)
    }

    @Test(
        "ten refinements give bit for bit what one gives, with other threads too", arguments: ["crossed", "joint"],
        ["banzhaf", "shapley"])
    func deterministic(sampling: JSONValue, index: JSONValue) throws {
        let atOnce = try refine(try open(caption, ["sampling": sampling, "index": index]), masks: 200)
        let other = try DaemonProcess(["--precision", "f32", "--threads", "1"])
        let client = try other.connect()
        let opened = try client.call(
            "explanation/open", params: ["image": scene, "text": caption, "sampling": sampling, "index": index])
        var last: JSONValue = nil
        for step in 1...10 {
            last = try client.call(
                "explanation/refine",
                params: [
                    "explanation": opened["explanation"] ?? .null,
                    "budget": ["imageMasks": .integer(Int64(20 * step))],
                    "values": ["standardErrors": false],
                ])
        }
        #expect(last["values"] == atOnce["values"])
    }

    @Test("joint sampling: as many text masks as image masks, shared with other explanations, and the ends matched")
    func jointSampling() throws {
        _ = try refine(try open(), masks: 64)
        let opened = try open(caption, ["sampling": "joint", "index": "shapley"])
        #expect(opened["warm"] == ["imageMasks": 0, "textMasks": 0])
        var reports: [JSONValue] = []
        let result = try refine(opened, masks: 300) { reports.append($0) }
        #expect(result["imageMasks"] == 300 && result["textMasks"] == 300 && result["stopReason"] == "budget")
        #expect(reports.allSatisfy { $0["imageMasks"] == $0["textMasks"] })
        let full = try #require(opened["fullValue"]?.double) - #require(opened["emptyValue"]?.double)
        let values = try #require(result["values"])
        let sum = (values["first"]?.doubles ?? []).reduce(0, +) + (values["pairs"]?["data"]?.doubles ?? []).reduce(0, +)
        #expect(abs(sum - full) < 1e-3 && abs(values["baseline"]?.double ?? 1) < 1e-6)
        let drawn = try client.call(
            "explanation/render", params: ["explanation": opened["explanation"] ?? .null, "format": "html"])
        #expect(drawn["content"]?.string?.contains("300 pairs of masks") == true)
        let again = try open(caption, ["sampling": "joint", "index": "shapley"])
        #expect(again["warm"] == ["imageMasks": 300, "textMasks": 300])
        let stopped = try client.call(
            "explanation/refine",
            params: [
                "explanation": again["explanation"] ?? .null, "until": ["standardError": 100.0],
                "values": ["standardErrors": true],
                "progressToken": "j",
            ]
        ) { method, params in
            if method == "$/progress", let value = params["value"] { reports.append(value) }
        }
        #expect(stopped["stopReason"] == "standardError")
        let report = try #require(reports.last { $0["kind"] == "report" })
        #expect(report["imageMasks"] == 300 && report["textMasks"] == 300 && report["values"]?["first"] != nil)
        #expect(stopped["values"]?["standardErrors"]?["first"]?.doubles.allSatisfy { $0 > 0 } == true)
    }

    @Test("progress begins, reports growing masks, and ends before the reply")
    func progress() throws {
        var reports: [JSONValue] = []
        let result = try refine(try open(), masks: 400) { reports.append($0) }
        #expect(reports.first?["kind"] == "begin")
        #expect(reports.last?["kind"] == "end")
        #expect(reports.last?["imageMasks"] == result["imageMasks"])
        let sequence = reports.compactMap { $0["sequence"]?.int }
        #expect(sequence == sequence.sorted() && Set(sequence).count == sequence.count)
        let masks = reports.compactMap { $0["imageMasks"]?.int }
        #expect(masks == masks.sorted())
        #expect(result["stopReason"] == "budget")
        #expect((result["looR2"]?.double ?? 0) > 0.8)
    }

    @Test("a ping and a similarity are answered while a refinement runs, which a stop then ends with its result")
    func interleaving() throws {
        let id = try #require(try open()["explanation"])
        let started = DispatchSemaphore(value: 0)
        let outcome = Outcome()
        let socket = daemon.socket
        let thread = Thread {
            defer { outcome.done.signal() }
            guard let client = try? RPCClient(connectingTo: socket) else { return }
            outcome.result = try? client.call(
                "explanation/refine",
                params: ["explanation": id, "budget": ["imageMasks": 60000], "progressToken": 1]
            ) { _, _ in started.signal() }
        }
        thread.start()
        started.wait()
        _ = try client.call("server/ping", params: [:])
        let similarity = try client.call("similarity", params: ["images": [scene], "texts": [caption]])
        #expect(similarity["logits"]?[0]?[0]?.double != nil)
        #expect(outcome.result == nil)
        #expect(try client.call("explanation/stop", params: ["explanation": id])["stopped"] == 1)
        outcome.done.wait()
        #expect(outcome.result?["stopReason"] == "stopped")
        #expect((outcome.result?["imageMasks"]?.int ?? 0) >= 8)
    }

    @Test("a cancelled refinement replies with an error, and its masks stay")
    func cancel() throws {
        let id = try #require(try open()["explanation"])
        #expect(throws: RPCClientError.self) {
            try client.call(
                "explanation/refine", params: ["explanation": id, "budget": ["imageMasks": 60000]],
                timeout: .milliseconds(700))
        }
        // The connection answers in order of completion; once this is answered the cancellation has been acted on.
        let list = try client.call("explanation/list", params: [:])
        #expect(list["explanations"]?[0]?["explanation"] == id)
        let again = try refine(["explanation": id], masks: 64)
        #expect(again["imageMasks"]?.int ?? 0 >= 64)
    }

    @Test("an explanation that was cancelled while it was opened is not left open, whichever comes first")
    func cancelledOpening() throws {
        let parameters: JSONValue = ["image": scene, "text": caption]
        var usual = Duration.zero
        for _ in 0..<2 {
            let start = ContinuousClock.now
            let id = try #require(try client.call("explanation/open", params: parameters)["explanation"])
            usual = ContinuousClock.now - start
            _ = try client.call("explanation/close", params: ["explanation": id])
        }
        var cancelled = 0
        for round in 0..<300 {
            let number = try client.send("explanation/open", params: parameters)
            usleep(UInt32(Int(usual / .microseconds(1)) * (round % 30) / 20))
            try client.notify("$/cancelRequest", params: ["id": .integer(number)])
            guard case .reply(_, let outcome) = try client.nextReply() else { continue }
            switch outcome {
            case .success(let opened):
                _ = try client.call("explanation/close", params: ["explanation": opened["explanation"] ?? .null])
            case .failure(let error):
                #expect(error.code == -32800)
                cancelled += 1
            }
        }
        #expect(cancelled > 0)
        // The last one's end may still be on its way.
        for _ in 0..<1000 where try client.call("explanation/list", params: [:])["explanations"] != [] {
            usleep(10_000)
        }
        #expect(try client.call("explanation/list", params: [:])["explanations"] == [])
    }

    @Test("stop rules end a refinement and say so")
    func stopRules() throws {
        let id = try #require(try open()["explanation"])
        let deadline = try client.call(
            "explanation/refine", params: ["explanation": id, "deadlineMilliseconds": 300])
        #expect(deadline["stopReason"] == "deadline")
        let stable = try client.call(
            "explanation/refine",
            params: ["explanation": id, "until": ["topK": 1, "stableRounds": 1], "budget": ["imageMasks": 4000]])
        #expect(stable["stopReason"] == "stable")
        let precise = try client.call(
            "explanation/refine",
            params: ["explanation": id, "until": ["standardError": 100.0], "budget": ["imageMasks": 8000]])
        #expect(precise["stopReason"] == "standardError")
    }

    @Test("one call explains and renders")
    func explain() throws {
        for (format, opening) in [("html", "<!DOCTYPE html>"), ("svg", "<svg"), ("markdown", "#")] {
            let result = try client.call(
                "explain",
                params: [
                    "image": scene, "text": caption, "budget": ["imageMasks": 64], "pairs": ["top": 5],
                    "render": ["format": .string(format)],
                ])
            #expect(result["render"]?["content"]?.string?.lowercased().contains(opening.lowercased()) == true)
            #expect(result["values"]?["pairs"]?["items"]?.array?.count == 5)
        }
        #expect(try client.call("explanation/list", params: [:])["explanations"]?.array?.isEmpty == true)
    }

    @Test("words, coarse grids and regions are players")
    func players() throws {
        let words = try open(caption, ["players": ["text": "words", "image": ["grid": ["rows": 3, "columns": 2]]]])
        #expect(words["players"]?["text"]?.array?.count == 7)
        #expect(words["players"]?["image"]?["count"] == 6)
        let spans = try open(caption, ["players": ["text": ["spans": [[2, 9], [20, 34]]]]])
        #expect(spans["players"]?["text"]?.array?.count == 2)
        let regions = JSONValue.array((0..<49).map { .integer($0 < 21 ? 0 : 1) })
        let halves = try open(caption, ["players": ["image": ["regions": regions]]])
        #expect(halves["players"]?["image"]?["boxes"] == [[0.0, 0.0, 224.0, 96.0], [0.0, 96.0, 224.0, 224.0]])
        let refined = try refine(halves, masks: 4)
        #expect(refined["stopReason"] == "exhausted")
    }

    @Test("an empty caption has the image's interactions alone")
    func emptyCaption() throws {
        let opened = try open("")
        #expect(opened["players"]?["text"]?.array?.isEmpty == true)
        let refined = try refine(opened, masks: 128)
        #expect(refined["values"]?["first"]?.array?.count == 49)
        #expect(refined["values"]?["pairs"]?["data"]?.array?.count == 49 * 48 / 2)
    }

    @Test("a caption longer than the model reads is cut, and said to be")
    func truncation() throws {
        let long = JSONValue.string(String(repeating: "dog ", count: 200))
        #expect(try open(long)["truncated"] == true)
        #expect(try open()["truncated"] == false)
        let embedded = try client.call("embed/text", params: ["texts": ["a dog", long]])
        #expect(embedded["truncated"] == [1])
    }
}

/// What a thread of a test found. Written before `done` is signalled, read after, except for the check that it is nil.
private final class Outcome: @unchecked Sendable {
    let done = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var stored: JSONValue?
    var result: JSONValue? {
        get { lock.withLock { stored } }
        set { lock.withLock { stored = newValue } }
    }
}
