import JSON
import JSONRPC
import Synchronization
import Testing

/// `shutdown`, `exit`, the server's stop, and what it counts.
@Suite(.timeLimit(.minutes(10))) struct LifecycleTests {
    @Test func afterShutdownOnlyExitIsTaken() async throws {
        let (client, end) = Serving(addEcho).connect()
        client.send(#"{"jsonrpc":"2.0","id":1,"method":"shutdown"}"#)
        #expect(await client.next() == ["jsonrpc": "2.0", "id": 1, "result": .null])
        client.request(2, "echo", "[]")
        #expect(await client.next()?["error"]?["code"] == -32600)
        client.notify("exit")
        #expect(await client.next() == nil)
        #expect(try await end.value == .exit(afterShutdown: true))
    }

    @Test func exitWithoutShutdownSaysSoAndCancelsWork() async throws {
        let started = Gate()
        let stopped = Gate()
        let serving = Serving { methods in
            methods.onRequest("wait") { _, _ in
                started.open()
                defer { stopped.open() }
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        let (client, end) = serving.connect()
        client.request(1, "wait")
        await started.wait()
        client.notify("exit")
        #expect(await client.next()?["error"]?["code"] == -32800)
        #expect(await client.next() == nil)
        await stopped.wait()
        #expect(try await end.value == .exit(afterShutdown: false))
    }

    @Test func whatComesBeforeAnExitInABatchIsRepliedTo() async throws {
        let serving = Serving { methods in
            addEcho(&methods)
            methods.onRequest("wait") { _, _ in
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        let (client, end) = serving.connect()
        client.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"no/such"},{"jsonrpc":"2.0","id":2,"method":"wait"},"#
                + #"{"jsonrpc":"2.0","method":"exit"},{"jsonrpc":"2.0","id":3,"method":"echo"}]"#)
        let batch = await client.next()?.array ?? []
        #expect(sorted(batch.map(shortForm)) == sorted([["id": 1, "error": -32601], ["id": 2, "error": -32800]]))
        #expect(await client.next() == nil)
        #expect(try await end.value == .exit(afterShutdown: false))
        #expect(serving.server.statistics.methods["echo"] == nil)
    }

    @Test func shutdownConcernsItsConnectionOnly() async {
        let serving = Serving(addEcho)
        let (first, _) = serving.connect()
        let (second, _) = serving.connect()
        first.request(1, "shutdown")
        #expect(await first.next()?["id"] == 1)
        second.request(1, "echo", "[]")
        #expect(await second.next()?["result"] == [])
    }

    @Test func aStopCancelsWorkAndRepliesToIt() async throws {
        let started = Gate()
        let serving = Serving { methods in
            addEcho(&methods)
            methods.onRequest("wait") { _, _ in
                started.open()
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        let (busy, busyEnd) = serving.connect()
        let (idle, idleEnd) = serving.connect()
        idle.request(1, "echo", "[]")
        #expect(await idle.next()?["id"] == 1)
        busy.request(1, "wait")
        await started.wait()
        await serving.server.stop(deadline: .seconds(60))
        #expect(await busy.next()?["error"]?["code"] == 1012)
        #expect(await busy.next() == nil)
        #expect(await idle.next() == nil)
        #expect(try await busyEnd.value == .stopped)
        #expect(try await idleEnd.value == .stopped)
    }

    /// `server/stop` is a request like any other.
    @Test func theRequestThatStopsTheServerGetsItsResult() async throws {
        let stopping = Gate()
        let serving = Serving { methods in
            methods.onRequest("server/stop") { _, _ in
                stopping.open()
                while !Task.isCancelled { await Task.yield() }
                return ["stopping": true]
            }
        }
        let (client, end) = serving.connect()
        client.request(1, "server/stop")
        await stopping.wait()
        await serving.server.stop(deadline: .seconds(60))
        #expect(await client.next()?["result"] == ["stopping": true])
        #expect(try await end.value == .stopped)
    }

    @Test func whileTheServerStopsRequestsAreTurnedAway() async {
        let started = Gate()
        let cancelled = Gate()
        let gate = Gate()
        let serving = Serving { methods in
            addEcho(&methods)
            methods.onRequest("wait") { _, _ in
                started.open()
                while !Task.isCancelled { await Task.yield() }
                cancelled.open()
                await gate.wait()
                return "done"
            }
        }
        let (client, _) = serving.connect()
        client.request(1, "wait")
        await started.wait()
        let stop = Task { await serving.server.stop(deadline: .seconds(60)) }
        await cancelled.wait()
        client.request(2, "echo", "[]")
        let refusal = await client.next()
        #expect(refusal?["id"] == 2)
        #expect(refusal?["error"]?["code"] == 1012)
        #expect(refusal?["error"]?["data"]?["kind"] == "shuttingDown")
        let (late, lateEnd) = serving.connect()
        #expect(await late.next()?["error"]?["code"] == 1012)
        _ = try? await lateEnd.value
        gate.open()
        #expect(await client.next()?["result"] == "done")
        await stop.value
        #expect(await client.next() == nil)
    }

    @Test func aHandlerThatDoesNotReturnIsRepliedForAtTheDeadline() async throws {
        let started = Gate()
        let gate = Gate()
        let serving = Serving { methods in
            methods.onRequest("stuck") { _, _ in
                started.open()
                await gate.wait()
                return "too late"
            }
        }
        let (client, end) = serving.connect()
        client.request(1, "stuck")
        await started.wait()
        await serving.server.stop(deadline: .milliseconds(200))
        #expect(await client.next()?["error"]?["code"] == 1012)
        #expect(await client.next() == nil)
        #expect(try await end.value == .stopped)
        gate.open()
    }

    @Test func aClientThatDoesNotReadDoesNotHoldUpTheStopBeyondItsDeadline() async throws {
        let sent = Gate()
        let serving = Serving(configure: { $0.onRequestFinished = { _ in } }) { methods in
            methods.onRequest("large") { _, context in
                defer { sent.open() }
                return .string(letters(8 << 20))
            }
        }
        let (client, end) = serving.connect(reading: false)
        client.request(1, "large")
        await sent.wait()
        await serving.server.stop(deadline: .milliseconds(200))
        #expect(try await end.value == .stopped)
    }

    @Test func stoppingTwiceIsStoppingOnce() async {
        let serving = Serving(addEcho)
        async let first: Void = serving.server.stop()
        async let second: Void = serving.server.stop()
        _ = await (first, second)
    }

    @Test func countsAndTimesAreKeptByMethod() async throws {
        let timings = Mutex<[RequestTimings]>([])
        let gate = Gate()
        let serving = Serving(configure: { $0.onRequestFinished = { timing in timings.withLock { $0.append(timing) } } }
        ) {
            addEcho(&$0)
            $0.onRequest("wait") { _, _ in
                await gate.wait()
                return .null
            }
        }
        let (client, end) = serving.connect()
        for id in 1...10 {
            client.request(id, "echo", "[]")
            #expect(await client.next() != nil)
        }
        client.request(11, "fail", #"{"code":1}"#)
        client.request(12, "wait")
        client.notify("$/cancelRequest", #"{"id":12}"#)
        client.request(13, "no/such")
        client.send("{")
        #expect(await client.next() != nil)
        gate.open()
        client.endInput()
        #expect(await client.rest().count == 3)
        _ = try await end.value
        let statistics = serving.server.statistics
        #expect(Set(statistics.methods.keys) == ["echo", "fail", "wait"])
        let echo = try #require(statistics.methods["echo"])
        #expect(echo.count == 10 && echo.errors == 0)
        #expect(echo.median > .zero && echo.median <= echo.percentile90)
        #expect(echo.percentile90 <= echo.percentile99 && echo.percentile99 <= echo.maximum)
        #expect(statistics.methods["fail"]?.errors == 1)
        #expect(statistics.methods["wait"]?.cancelled == 1)
        #expect(statistics.unknownMethods == 1)
        #expect(statistics.malformed == 1)
        #expect(statistics.connectionsAccepted == 1)
        #expect(statistics.bytesRead > 500 && statistics.bytesWritten > 500)
        let reported = timings.withLock { $0 }
        #expect(reported.count == 12)
        #expect(reported.count { $0.outcome == .cancelled } == 1)
        #expect(reported.allSatisfy { $0.queue >= .zero && $0.handle >= .zero && $0.write >= .zero })
    }

    @Test func aHandlersStagesAreReportedWithItsTimes() async throws {
        let timings = Mutex<[RequestTimings]>([])
        let serving = Serving(configure: { $0.onRequestFinished = { timing in timings.withLock { $0.append(timing) } } }
        ) {
            addEcho(&$0)
            $0.onRequest("staged") { _, _ in
                RequestStages.current?.add("decode", .milliseconds(3))
                // Tasks that the handler starts work for the same request.
                await Task { RequestStages.current?.add("encode", .milliseconds(4)) }.value
                RequestStages.current?.add("decode", .milliseconds(2))
                return .null
            }
        }
        let (client, end) = serving.connect()
        client.request(1, "staged")
        client.request(2, "echo", "[]")
        client.endInput()
        #expect(await client.rest().count == 2)
        _ = try await end.value
        let stages = timings.withLock { Dictionary(uniqueKeysWithValues: $0.map { ($0.method, $0.stages) }) }
        #expect(stages == ["staged": ["decode": .milliseconds(5), "encode": .milliseconds(4)], "echo": [:]])
    }

    @Test func aServerIsIdleWhenItsLastConnectionIsGoneForSoLong() async throws {
        let gate = Gate()
        let serving = Serving {
            addEcho(&$0)
            $0.onRequest("wait") { _, _ in
                await gate.wait()
                return .null
            }
        }
        try await serving.server.waitUntilIdle(for: .milliseconds(1))
        let (client, end) = serving.connect()
        client.request(1, "echo", "[]")
        #expect(await client.next()?["id"] == 1)
        let idle = Task { () -> ContinuousClock.Instant in
            try await serving.server.waitUntilIdle(for: .milliseconds(20))
            return .now
        }
        client.request(2, "wait")
        client.request(3, "echo", "[]")
        #expect(await client.next()?["id"] == 3)
        client.disconnect()
        _ = try await end.value
        // The connection is gone, but its handler has not returned.
        let (other, otherEnd) = serving.connect()
        other.request(1, "echo", "[]")
        #expect(await other.next()?["id"] == 1)
        let before = ContinuousClock.now
        gate.open()
        other.endInput()
        _ = try await otherEnd.value
        #expect(try await idle.value >= before)
        #expect(serving.server.statistics.inFlight == 0)
    }

    @Test func waitingForIdlenessCanBeCancelled() async {
        let serving = Serving(addEcho)
        let idle = Task { try await serving.server.waitUntilIdle(for: .seconds(3600)) }
        idle.cancel()
        await #expect(throws: CancellationError.self) { try await idle.value }
    }

    @Test func theTableKnowsItsNames() {
        var methods = MethodTable()
        addEcho(&methods)
        #expect(methods.requestNames == ["echo", "fail", "shutdown"])
    }
}
