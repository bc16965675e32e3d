import JSON
import JSONRPC
import TestSupport
import Testing

/// `window/logMessage` about what no request of the client brought about.
@Suite(.timeLimit(.minutes(10))) struct LogMessageTests {
    private func makeServing() -> Serving {
        Serving { methods in
            addEcho(&methods)
            methods.onRequest("initialize") { params, _ in
                if params?["refuse"] != nil { throw RPCError.invalidParams("refused as told") }
                return [:]
            }
            methods.onRequest("who") { _, context in .integer(Int64(context.connection.number)) }
        }
    }

    private func initialize(_ client: TestClient, _ params: String = "{}") async {
        client.request(1, "initialize", params)
        while let message = await client.next(), message["id"] != 1 {}
    }

    /// What comes before the reply to a request that is sent now.
    private func notifications(_ client: TestClient) async -> [JSONValue] {
        client.request(2, "echo", "[]")
        var all: [JSONValue] = []
        while let message = await client.next(), message["id"] != 2 {
            if message["method"] == "window/logMessage" { all.append(message["params"] ?? .null) }
        }
        return all
    }

    @Test func warningsReachEveryClientThatHasSaidInitialize() async {
        let serving = makeServing()
        let (first, _) = serving.connect()
        let (second, _) = serving.connect(framing: .headers)
        let (silent, _) = serving.connect()
        let (refused, _) = serving.connect()
        await initialize(first)
        await initialize(second)
        await initialize(refused, #"{"refuse":true}"#)
        #expect(await notifications(silent).isEmpty)
        serving.server.log(.warning, "careful")
        serving.server.log(.error, "broken")
        let told: [JSONValue] = [["type": 2, "message": "careful"], ["type": 1, "message": "broken"]]
        #expect(await notifications(first) == told)
        #expect(await notifications(second) == told)
        #expect(await notifications(silent).isEmpty)
        #expect(await notifications(refused).isEmpty)
    }

    @Test func whatIsLessGraveReachesThoseThatTrace() async {
        let serving = makeServing()
        let (tracing, _) = serving.connect()
        let (plain, _) = serving.connect()
        await initialize(tracing, #"{"trace":"messages"}"#)
        await initialize(plain)
        serving.server.log(.info, "model loaded")
        #expect(await notifications(tracing) == [["type": 3, "message": "model loaded"]])
        #expect(await notifications(plain).isEmpty)
        tracing.notify("$/setTrace", #"{"value":"off"}"#)
        #expect(await notifications(tracing).isEmpty)
        serving.server.log(.info, "model unloaded")
        #expect(await notifications(tracing).isEmpty)
    }

    @Test func oneClientCanBeTold() async {
        let serving = makeServing()
        let (first, _) = serving.connect()
        let (second, _) = serving.connect()
        await initialize(first)
        await initialize(second)
        first.request(3, "who")
        let number = await first.next()?["result"]?.int ?? 0
        serving.server.log(.warning, "slow", to: ConnectionID(UInt64(number)))
        serving.server.log(.warning, "nobody", to: ConnectionID(1 << 40))
        #expect(await notifications(first) == [["type": 2, "message": "slow"]])
        #expect(await notifications(second).isEmpty)
    }

    /// A client that does not read is not piled up for: it misses messages, and never a reply.
    @Test func aSlowReaderMissesMessages() async throws {
        let serving = makeServing()
        let (client, end) = serving.connect(reading: false)
        let (other, _) = serving.connect()
        client.request(1, "initialize")
        await initialize(other)
        // Both connections may be on one event loop or on two; a reply to the other does not tell that the first has
        // one.
        try await wait(while: serving.server.statistics.methods["initialize"]?.count != 2)
        let text = letters(64 << 10)
        for _ in 0..<100 { serving.server.log(.warning, text) }
        try await wait(while: serving.server.statistics.notificationsDropped == 0)
        client.request(2, "echo", "[]")
        client.startReading()
        client.endInput()
        let messages = await client.rest()
        #expect(messages.count { $0["id"] == 1 } == 1)
        #expect(messages.count { $0["id"] == 2 } == 1)
        #expect(messages.count { $0["method"] == "window/logMessage" } < 100)
        _ = try await end.value
    }
}
