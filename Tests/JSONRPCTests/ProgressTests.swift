import JSON
import JSONRPC
import Testing

/// `$/progress`, `window/logMessage` and `$/logTrace`.
@Suite(.timeLimit(.minutes(10))) struct ProgressTests {
    @Test func aClientThatReadsGetsEveryReportInOrderBeforeTheReply() async {
        let serving = Serving { methods in
            methods.onRequest("work") { params, context in
                let token = params?["progressToken"] ?? .null
                for sequence in Int64(0)..<20 {
                    context.sendProgress(token: token, value: ["sequence": .integer(sequence)])
                }
                return "done"
            }
        }
        let (client, _) = serving.connect()
        client.request(1, "work", #"{"progressToken":"t"}"#)
        for sequence in Int64(0)..<20 {
            let value: JSONValue = ["sequence": .integer(sequence)]
            #expect(
                await client.next() == [
                    "jsonrpc": "2.0", "method": "$/progress", "params": ["token": "t", "value": value],
                ])
        }
        #expect(await client.next()?["result"] == "done")
    }

    @Test func aSlowReaderMissesReportsButNeitherTheirOrderNorTheReply() async throws {
        let finished = Gate()
        let serving = Serving { methods in
            methods.onRequest("work") { _, context in
                let padding = JSONValue.string(letters(4 << 10))
                for sequence in 0..<5_000 {
                    for token in ["a", "b"] {
                        context.sendProgress(
                            token: .string(token), value: ["sequence": .integer(Int64(sequence)), "padding": padding])
                    }
                    if sequence % 100 == 0 { await Task.yield() }
                }
                finished.open()
                return "done"
            }
        }
        let (client, end) = serving.connect(reading: false)
        client.request(1, "work")
        await finished.wait()
        client.startReading()
        client.endInput()
        var last: [String: Int] = [:]
        var reports = 0
        var replied = false
        while let message = await client.next() {
            if let value = message["params"]?["value"], let token = message["params"]?["token"]?.string {
                #expect(!replied, "a report came after the reply")
                let sequence = value["sequence"]?.int ?? -1
                #expect(sequence > last[token] ?? -1)
                last[token] = sequence
                reports += 1
            } else {
                #expect(message["result"] == "done")
                #expect(!replied)
                replied = true
            }
        }
        #expect(replied)
        #expect(reports > 0 && reports < 10_000)
        #expect(serving.server.statistics.notificationsDropped == 10_000 - reports)
        #expect(try await end.value == .endOfInput)
    }

    /// The client reads again while the work goes on: it gets the latest report, not the oldest of a queue.
    @Test func aReaderThatCatchesUpGetsTheLatestReport() async {
        let filled = Gate()
        let reading = Gate()
        let serving = Serving { methods in
            methods.onRequest("work") { _, context in
                let padding = JSONValue.string(letters(64 << 10))
                for sequence in 0..<200 {
                    context.sendProgress(token: 1, value: ["sequence": .integer(Int64(sequence)), "padding": padding])
                    await Task.yield()
                }
                filled.open()
                await reading.wait()
                return "done"
            }
        }
        let (client, _) = serving.connect(reading: false)
        client.request(1, "work")
        await filled.wait()
        client.startReading()
        var sequences: [Int] = []
        while sequences.last != 199, let message = await client.next() {
            sequences.append(message["params"]?["value"]?["sequence"]?.int ?? -1)
        }
        #expect(sequences.last == 199)
        #expect(sequences.count < 200)
        reading.open()
        #expect(await client.next()?["result"] == "done")
    }

    @Test func nothingComesAfterTheReply() async {
        let replied = Gate()
        let serving = Serving { methods in
            addEcho(&methods)
            methods.onRequest("leak") { _, context in
                Task {
                    await replied.wait()
                    context.sendProgress(token: 1, value: "late")
                }
                return .null
            }
        }
        let (client, _) = serving.connect()
        client.request(1, "leak")
        #expect(await client.next()?["id"] == 1)
        replied.open()
        client.request(2, "echo", "[]")
        client.endInput()
        #expect(await client.rest().map { $0["id"] } == [2])
    }

    @Test func tracingIsTurnedOnAndOff() async {
        let serving = Serving { methods in
            methods.onRequest("initialize") { params, _ in
                if params?["protocolVersion"] == 9 { throw RPCError.invalidParams("not this version") }
                return [:]
            }
            methods.onRequest("work") { _, _ in .null }
        }
        let (client, _) = serving.connect()
        client.request(1, "initialize", #"{"trace":"verbose"}"#)
        let first = [await client.next(), await client.next()]
        #expect(first[0]?["method"] == "$/logTrace")
        #expect(first[1]?["id"] == 1)
        // One that is refused changes nothing.
        client.request(2, "initialize", #"{"trace":"off","protocolVersion":9}"#)
        #expect(await client.next()?["params"]?["message"]?.string?.contains("'initialize' (id 2) failed") == true)
        #expect(await client.next()?["id"] == 2)
        client.request(3, "work")
        let trace = await client.next()?["params"]
        #expect(trace?["message"]?.string?.contains("'work' (id 3) answered") == true)
        #expect(trace?["verbose"]?.string?.contains("queue") == true)
        #expect(await client.next()?["id"] == 3)
        client.notify("$/setTrace", #"{"value":"off"}"#)
        client.request(4, "work")
        #expect(await client.next()?["id"] == 4)
    }

    @Test func requestsWithoutAHandlerAreTraced() async {
        let serving = Serving { methods in methods.onRequest("initialize") { _, _ in [:] } }
        let (client, _) = serving.connect()
        client.request(1, "initialize", #"{"trace":"messages"}"#)
        _ = [await client.next(), await client.next()]
        client.send(#"{"jsonrpc":"2.0","id":"a\nb","method":"no/such"}"#)
        #expect(await client.next()?["params"]?["message"]?.string?.hasPrefix(#"'no/such' (id "a\nb") failed"#) == true)
        #expect(await client.next()?["error"]?["code"] == -32601)
        client.request(2, "exit")
        _ = await client.next()
        #expect(await client.next()?["error"]?["message"]?.string?.contains("notification") == true)
        client.request(3, "shutdown")
        #expect(await client.next()?["params"]?["message"]?.string?.contains("'shutdown' (id 3) answered") == true)
        #expect(await client.next()?["id"] == 3)
        client.request(4, "no/such")
        _ = await client.next()
        #expect(await client.next()?["error"]?["code"] == -32600)
    }
}
