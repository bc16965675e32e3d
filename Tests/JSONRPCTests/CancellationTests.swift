import JSON
import JSONRPC
import Synchronization
import TestSupport
import Testing

/// `$/cancelRequest`, disconnection, and who gets to reply.
@Suite(.timeLimit(.minutes(10))) struct CancellationTests {
    @Test func aCancelledRequestIsRepliedToAtOnceAndOnce() async {
        let started = Gate()
        let gate = Gate()
        let serving = Serving { methods in
            addEcho(&methods)
            // Pays no attention to its cancellation, like work that is queued behind other work.
            methods.onRequest("stubborn") { _, _ in
                started.open()
                await gate.wait()
                return "too late"
            }
        }
        let (client, _) = serving.connect()
        client.request(1, "stubborn")
        await started.wait()
        client.notify("$/cancelRequest", #"{"id":1}"#)
        #expect(await client.next()?["error"]?["code"] == -32800)
        gate.open()
        client.request(2, "echo", "[]")
        #expect(await client.next()?["id"] == 2)
        client.endInput()
        #expect(await client.next() == nil)
    }

    enum Loss: CaseIterable {
        case cancelled, clientGone, withoutID, failed
    }

    /// What a handler has made by then, such as a handle, is known to nobody.
    @Test(.timeLimit(.minutes(10)), arguments: Loss.allCases)
    func aHandlerHearsThatItsReplyIsLost(_ loss: Loss) async {
        let started = Gate()
        let gate = Gate()
        let undone = Gate()
        let serving = Serving { methods in
            methods.onRequest("make") { _, context in
                context.ifReplyIsLost { undone.open() }
                started.open()
                await gate.wait()
                if loss == .failed { throw RPCError.invalidParams("x is wrong") }
                return "a handle"
            }
        }
        let (client, end) = serving.connect()
        if loss == .withoutID { client.notify("make") } else { client.request(1, "make") }
        await started.wait()
        switch loss {
        case .cancelled:
            client.notify("$/cancelRequest", #"{"id":1}"#)
            #expect(await client.next()?["error"]?["code"] == -32800)
        case .clientGone:
            client.disconnect()
            _ = try? await end.value
        case .withoutID, .failed: break
        }
        gate.open()
        await undone.wait()
    }

    @Test func aReplyThatIsSentIsNotLost() async {
        let undone = Mutex(false)
        let serving = Serving { methods in
            addEcho(&methods)
            methods.onRequest("make") { _, context in
                context.ifReplyIsLost { undone.withLock { $0 = true } }
                return "a handle"
            }
        }
        let (client, end) = serving.connect()
        client.request(1, "make")
        #expect(await client.next()?["result"] == "a handle")
        // One that is in flight no more cannot be cancelled.
        client.notify("$/cancelRequest", #"{"id":1}"#)
        client.endInput()
        _ = try? await end.value
        await serving.server.stop()
        #expect(!undone.withLock { $0 })
    }

    @Test func theHandlersTaskIsCancelled() async {
        let stopped = Gate()
        let serving = Serving { methods in
            methods.onRequest("wait") { _, _ in
                defer { stopped.open() }
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        let (client, _) = serving.connect()
        client.request(1, "wait")
        client.notify("$/cancelRequest", #"{"id":1}"#)
        await stopped.wait()
        #expect(await client.next()?["error"]?["code"] == -32800)
    }

    @Test func cancellingWhatIsNotInFlightDoesNothing() async {
        let (client, _) = Serving(addEcho).connect()
        client.request(1, "echo", "[1]")
        #expect(await client.next()?["result"] == [1])
        for params in [#"{"id":1}"#, #"{"id":"x"}"#, #"{"id":null}"#, "{}", "[]"] {
            client.notify("$/cancelRequest", params)
        }
        client.request(2, "echo", "[2]")
        #expect(await client.next()?["result"] == [2])
    }

    @Test func whatFollowsABeginningMayRelyOnIt() async {
        let gate = Gate()
        let serving = Serving { methods in
            methods.onRequest("initialize") { _, _ in
                try await gate.waitUnlessCancelled()
                return "begun"
            }
            methods.onRequest("wait") { _, _ in
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        let (client, _) = serving.connect()
        client.request(1, "initialize")
        client.request(2, "wait")
        for id in 1...2 { client.notify("$/cancelRequest", #"{"id":\#(id)}"#) }
        #expect(await client.next()?["id"] == 2, "the later one is cancelled")
        gate.open()
        #expect(await client.next()?["result"] == "begun")
    }

    @Test func aCancelledElementOfABatchIsAnErrorInIt() async {
        let gate = Gate()
        let serving = Serving { methods in
            addEcho(&methods)
            methods.onRequest("wait") { _, _ in
                await gate.wait()
                return .null
            }
        }
        let (client, _) = serving.connect()
        client.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"wait"},{"jsonrpc":"2.0","id":2,"method":"echo","params":[]}]"#)
        client.notify("$/cancelRequest", #"{"id":1}"#)
        let batch = await client.next()?.array ?? []
        #expect(sorted(batch.map(shortForm)) == sorted([["id": 1, "error": -32800], ["id": 2, "result": true]]))
        gate.open()
    }

    /// Handlers end at once, after a while, or by their cancellation, while cancellations race with them and with each
    /// other: every request gets one reply, a result or -32800.
    @Test(arguments: 0..<4)
    func whateverRacesThereIsOneReply(seed: Int) async {
        let rounds = 2_000
        let serving = Serving(configure: { $0.maximumInFlightPerConnection = rounds * 2 }) { methods in
            methods.onRequest("quick") { _, _ in "quick" }
            methods.onRequest("yielding") { _, _ in
                for _ in 0..<3 { await Task.yield() }
                return "yielding"
            }
            methods.onRequest("checking") { _, _ in
                await Task.yield()
                try Task.checkCancellation()
                return "checking"
            }
        }
        let (client, _) = serving.connect()
        var random = SeededGenerator(seed: UInt64(seed))
        var replies: [Int: Int] = [:]
        var cancelled = 0
        for round in 0..<rounds {
            let method = ["quick", "yielding", "checking"].randomElement(using: &random) ?? "quick"
            // This request, which has just begun, or one before, which may have its reply by now.
            let target = max(0, round - Int.random(in: 0...3, using: &random))
            let cancel = #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(target)}}"# + "\n"
            let request = #"{"jsonrpc":"2.0","id":\#(round),"method":"\#(method)"}"# + "\n"
            // One write, so that both are there at once; sometimes two, and twice cancelled.
            switch Int.random(in: 0..<3, using: &random) {
            case 0: client.write(request + cancel)
            case 1:
                client.write(request)
                client.write(cancel + cancel)
            default: client.write(request + request.replacing(":\(round),", with: ":\(round + rounds),") + cancel)
            }
            if round % 100 == 99 {
                // Keeps the client's and the server's buffers small.
                client.send(#"{"jsonrpc":"2.0","id":"mark","method":"quick"}"#)
                while let reply = await client.next(), reply["id"] != "mark" {
                    count(reply, &replies, &cancelled)
                }
            }
        }
        client.endInput()
        for reply in await client.rest() { count(reply, &replies, &cancelled) }
        #expect(replies.values.allSatisfy { $0 == 1 })
        #expect(Set(replies.keys).isSuperset(of: 0..<rounds))
        #expect(cancelled > 0 && cancelled < rounds)
    }

    private func count(_ reply: JSONValue, _ replies: inout [Int: Int], _ cancelled: inout Int) {
        guard let id = reply["id"]?.int else {
            if reply["id"] != "mark" { Issue.record("a reply without a number: \(reply)") }
            return
        }
        replies[id, default: 0] += 1
        if reply["error"]?["code"] == -32800 { cancelled += 1 } else { #expect(reply["result"] != nil) }
    }

    @Test func aClientThatGoesAwayTakesItsWorkWithIt() async throws {
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
        client.disconnect()
        await stopped.wait()
        #expect(try await end.value == .disconnected)
    }

    @Test func aClientThatEndsItsInputAndThenGoesAwayTakesItsWorkWithIt() async throws {
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
        client.endInput()
        await started.wait()
        client.disconnect()
        await stopped.wait()
        #expect(try await end.value == .disconnected)
    }

    @Test func otherConnectionsGoOn() async {
        let gate = Gate()
        let serving = Serving { methods in
            methods.onRequest("wait") { _, _ in
                await gate.wait()
                return "done"
            }
        }
        let (leaving, _) = serving.connect()
        let (staying, _) = serving.connect()
        leaving.request(1, "wait")
        staying.request(1, "wait")
        leaving.disconnect()
        gate.open()
        #expect(await staying.next()?["result"] == "done")
    }
}
