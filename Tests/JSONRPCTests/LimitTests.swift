import Foundation
import JSON
import JSONRPC
import Synchronization
import TestSupport
import Testing

/// What the server refuses, so that no client can starve the others.
@Suite(.timeLimit(.minutes(10))) struct LimitTests {
    @Test func moreRequestsThanAConnectionMayHaveAreOverloaded() async {
        let gate = Gate()
        let serving = Serving(configure: { $0.maximumInFlightPerConnection = 3 }) { addWaiting(gate, &$0) }
        let (client, _) = serving.connect()
        for id in 1...4 { client.request(id, "wait") }
        let error = await client.next()
        #expect(error?["id"] == 4)
        #expect(error?["error"]?["code"] == 1011)
        #expect(error?["error"]?["data"]?["kind"] == "overloaded")
        #expect(error?["error"]?["data"]?["retryable"] == true)
        #expect(serving.server.statistics.inFlight == 3)
        gate.open()
        for _ in 1...3 { #expect(await client.next()?["result"] == "done") }
        client.request(5, "wait")
        #expect(await client.next()?["id"] == 5)
        #expect(serving.server.statistics.overloaded == 1)
    }

    @Test func theLimitOfTheServerHoldsForAllConnectionsTogether() async {
        let gate = Gate()
        let serving = Serving(configure: { $0.maximumInFlight = 2 }) { addWaiting(gate, &$0) }
        let clients = (0..<3).map { _ in serving.connect().0 }
        let started = Gate()
        clients[0].request(1, "wait")
        clients[0].request(2, "wait")
        clients[0].request(3, "wait")
        #expect(await clients[0].next()?["error"]?["code"] == 1011)
        clients[1].request(1, "wait")
        #expect(await clients[1].next()?["error"]?["code"] == 1011)
        // What needs no handler is answered all the same.
        clients[2].request(1, "no/such")
        #expect(await clients[2].next()?["error"]?["code"] == -32601)
        started.open()
        gate.open()
        for _ in 1...2 { #expect(await clients[0].next()?["result"] == "done") }
    }

    /// A handler that goes on after its cancellation still takes its place: else a client could have any number.
    @Test func aCancelledRequestCountsUntilItsHandlerReturns() async {
        let gate = Gate()
        let serving = Serving(configure: { $0.maximumInFlightPerConnection = 1 }) { addWaiting(gate, &$0) }
        let (client, _) = serving.connect()
        client.request(1, "wait")
        client.notify("$/cancelRequest", #"{"id":1}"#)
        #expect(await client.next()?["error"]?["code"] == -32800)
        client.request(2, "wait")
        #expect(await client.next()?["error"]?["code"] == 1011)
        gate.open()
    }

    @Test func aBatchIsAdmittedWholeOrNotAtAll() async {
        let gate = Gate()
        let serving = Serving(configure: { $0.maximumInFlightPerConnection = 2 }) { addWaiting(gate, &$0) }
        let (client, _) = serving.connect()
        let batch = { (ids: ClosedRange<Int>) in
            "[" + ids.map { #"{"jsonrpc":"2.0","id":\#($0),"method":"wait"}"# }.joined(separator: ",") + "]"
        }
        client.send(batch(1...5))
        client.send(batch(6...7))
        #expect(await client.next()?.array?.map { $0["error"]?["code"] } == [1011, 1011])
        gate.open()
        #expect(await client.next()?.array?.map { $0["result"] } == Array(repeating: "done", count: 5))
        // Duplicates, unknown methods and the end of the connection give their places back.
        client.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"wait"},{"jsonrpc":"2.0","id":1,"method":"wait"},{"jsonrpc":"2.0","id":2,"method":"no"}]"#
        )
        _ = await client.next()
        client.request(9, "wait")
        #expect(await client.next()?["result"] == "done")
        #expect(serving.server.statistics.inFlight == 0)
    }

    @Test func repliesOfABatchThatWouldPileUpBecomeErrors() async {
        let serving = Serving(configure: { $0.outputLimit = 100 << 10 }) { methods in
            addEcho(&methods)
            methods.onRequest("large") { _, _ in .string(letters(40 << 10)) }
        }
        let (client, _) = serving.connect()
        let requests = (1...9).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"\#($0 < 9 ? "large" : "echo")"}"# }
        client.send("[" + requests.joined(separator: ",") + "]")
        let replies = await client.next()?.array ?? []
        #expect(Set(replies.compactMap { $0["id"]?.int }) == Set(1...9))
        let refused = replies.filter { $0["error"] != nil }
        #expect(refused.count == 6 && refused.allSatisfy { $0["error"]?["code"] == 1011 })
        #expect(replies.contains { $0["id"] == 9 && $0["result"] != nil }, "a small one is sent")
        // The next batch has all the room again.
        client.send("[\(requests[0]),\(requests[1])]")
        #expect(await client.next()?.array?.count { $0["result"] != nil } == 2)
    }

    @Test func requestsOfMoreBytesThanAConnectionMayHoldAreOverloaded() async {
        let gate = Gate()
        let serving = Serving(configure: { $0.maximumHeldBytesPerConnection = 100 << 10 }) { addWaiting(gate, &$0) }
        let (client, _) = serving.connect()
        let large = #"["\#(letters(80 << 10))"]"#
        client.request(1, "wait", large)
        client.request(2, "wait", large)
        client.request(3, "wait")
        let error = await client.next()
        #expect(error?["id"] == 2)
        #expect(error?["error"]?["code"] == 1011)
        #expect(error?["error"]?["data"]?["retryable"] == true)
        #expect(serving.server.statistics.heldBytes > 80 << 10)
        // Another connection has bytes of its own.
        let (other, _) = serving.connect()
        other.request(1, "wait", large)
        other.request(2, "wait", large)
        #expect(await other.next()?["error"]?["code"] == 1011)
        gate.open()
        for _ in 1...2 { #expect(await client.next()?["result"] == "done") }
        #expect(await other.next()?["result"] == "done")
        #expect(serving.server.statistics.heldBytes == 0)
        client.request(4, "wait", large)
        #expect(await client.next()?["result"] == "done")
        #expect(serving.server.statistics.overloaded == 2)
    }

    @Test func aRequestLargerThanTheLimitIsTakenWhenItIsTheOnlyOne() async {
        let serving = Serving(
            configure: {
                $0.maximumHeldBytesPerConnection = 1 << 10
                $0.maximumHeldBytes = 1 << 10
            }, addEcho)
        let (client, _) = serving.connect()
        for id in 1...2 {
            client.request(id, "echo", #"["\#(letters(80 << 10))"]"#)
            #expect(await client.next()?["result"] != nil)
        }
    }

    @Test func theBytesOfTheServerHoldForAllConnectionsTogether() async {
        let gate = Gate()
        let serving = Serving(configure: { $0.maximumHeldBytes = 100 << 10 }) { addWaiting(gate, &$0) }
        let clients = (0..<2).map { _ in serving.connect().0 }
        let large = #"["\#(letters(80 << 10))"]"#
        clients[0].request(1, "wait", large)
        // Its answer tells that the request before it was taken; what needs no handler holds nothing.
        clients[0].request(2, "no/such", large)
        #expect(await clients[0].next()?["error"]?["code"] == -32601)
        clients[1].request(1, "wait", large)
        #expect(await clients[1].next()?["error"]?["code"] == 1011)
        clients[1].request(2, "wait")
        gate.open()
        #expect(await clients[1].next()?["result"] == "done")
        #expect(await clients[0].next()?["result"] == "done")
        #expect(serving.server.statistics.heldBytes == 0)
    }

    @Test func aBatchIsHeldUntilItsLastHandlerReturns() async throws {
        let gate = Gate()
        let serving = Serving {
            addEcho(&$0)
            addWaiting(gate, &$0)
        }
        let (client, _) = serving.connect()
        let batch =
            #"[{"jsonrpc":"2.0","id":1,"method":"echo","params":["\#(letters(80 << 10))"]},"#
            + #"{"jsonrpc":"2.0","id":2,"method":"wait"}]"#
        client.send(batch)
        try await wait(while: serving.server.statistics.methods["echo"] == nil)
        #expect(serving.server.statistics.heldBytes == JSONSurvey(Array(batch.utf8)).valueBytes)
        gate.open()
        #expect(await client.next()?.array?.count == 2)
        #expect(serving.server.statistics.heldBytes == 0)
    }

    /// 87 bytes of memory for a byte: what a message takes is not told by its length.
    @Test(arguments: [Framing.lines, .headers])
    func aMessageOfTooManyValuesIsRefusedUnderItsID(framing: Framing) async {
        let serving = Serving(
            configure: {
                $0.framing.messageBytes = 1 << 20
                $0.maximumParsingBytes = 1 << 20
            }, addEcho)
        let (client, _) = serving.connect(framing: framing)
        let many = "[" + String(repeating: "{},", count: 60_000) + "{}]"
        client.request(1, "echo", many)
        let refusal = await client.next()
        #expect(refusal?["id"] == 1)
        #expect(refusal?["error"]?["code"] == -32600)
        #expect(refusal?["error"]?["message"]?.string?.contains("send it in parts") == true)
        client.send(#"{"jsonrpc":"2.0","method":"echo","params":\#(many),"id":"two"}"#)
        #expect(await client.next()?["id"] == "two")
        // The ids of others are not its own, and one that is no id is none.
        client.send(#"{"jsonrpc":"2.0","method":"echo","params":{"id":5,"many":\#(many)},"id":[6]}"#)
        #expect(await client.next()?["id"] == .null)
        client.request(3, "echo", "[" + String(repeating: "1,", count: 60_000) + "1]")
        #expect(await client.next()?["result"]?.array?.count == 60_001)
        #expect(serving.server.statistics.heldBytes == 0)
    }

    @Test func aBatchThatIsTooLongIsRefusedByItsCountAlone() async {
        let serving = Serving(configure: { $0.maximumParsingBytes = 0 }, addEcho)
        let (client, _) = serving.connect()
        client.send("[" + String(repeating: "{},", count: 349_524) + "{}]")
        let error = await client.next()?["error"]
        #expect(error?["code"] == -32600)
        #expect(error?["message"] == "a batch of 349525 is larger than the limit of 1000")
    }

    @Test func whatAMessageTakesInMemoryIsHeldAgainstTheLimit() async {
        let gate = Gate()
        let serving = Serving(configure: { $0.maximumHeldBytesPerConnection = 1 << 20 }) { addWaiting(gate, &$0) }
        let (client, _) = serving.connect()
        let many = "[" + String(repeating: #"{"a":1},"#, count: 5_000) + "{}]"
        client.request(1, "wait", many)
        client.request(2, "wait", many)
        #expect(await client.next()?["error"]?["code"] == 1011)
        gate.open()
        #expect(await client.next()?["result"] == "done")
    }

    /// Two messages of the largest size fit; a third that comes at the same time does not, however the pieces mix.
    @Test func unfinishedMessagesOfAllConnectionsTogetherAreBounded() async throws {
        let serving = Serving(
            configure: {
                $0.framing.messageBytes = 256 << 10
                $0.maximumUnfinishedBytes = 0
            }, addEcho)
        let start = #"{"jsonrpc":"2.0","id":1,"method":"echo","params":[""# + letters(240 << 10)
        let (first, _) = serving.connect()
        let (second, secondEnd) = serving.connect()
        for client in [first, second] { client.write(start) }
        try await wait(while: serving.server.statistics.unfinishedBytes < 2 * start.utf8.count)
        let (third, thirdEnd) = serving.connect()
        third.write(start)
        let error = await third.next()
        #expect(error?["id"] == .null)
        #expect(error?["error"]?["code"] == 1011)
        #expect(await third.next() == nil)
        third.disconnect()
        #expect(try await thirdEnd.value == .framing(.tooMuchUnfinished(limit: 512 << 10)))
        // Small messages are answered meanwhile.
        let (small, _) = serving.connect()
        small.request(1, "echo", "[1]")
        #expect(await small.next()?["result"] == [1])
        first.write("\"]}\n")
        #expect(await first.next()?["result"] != nil)
        second.disconnect()
        _ = try await secondEnd.value
        #expect(serving.server.statistics.unfinishedBytes == 0)
    }

    @Test func moreConnectionsThanAllowedAreToldSo() async throws {
        let serving = Serving(configure: { $0.maximumConnections = 1 }, addEcho)
        let (first, end) = serving.connect()
        first.request(1, "echo", "[]")
        #expect(await first.next()?["id"] == 1)
        let (second, _) = serving.connect()
        let refusal = await second.next()
        #expect(refusal?["id"] == .null)
        #expect(refusal?["error"]?["code"] == 1011)
        #expect(await second.next() == nil)
        first.endInput()
        _ = try await end.value
        let (third, _) = serving.connect()
        third.request(1, "echo", "[]")
        #expect(await third.next()?["id"] == 1)
        #expect(serving.server.statistics.connectionsRefused == 1)
    }

    /// What it sent is there before the server looks, as from a client that sends its first request as soon as it
    /// connects.
    @Test(arguments: [Framing.lines, .headers])
    func aRefusedClientIsToldInItsFraming(framing: Framing) async throws {
        let serving = Serving(configure: { $0.maximumConnections = 0 }, addEcho)
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0)
        let client = TestClient(pair[1], framing: framing, reading: false)
        client.request(1, "echo", "[]")
        #expect(try await serving.server.serve(connectedSocket: pair[0]) == .disconnected)
        let told = try await onThread {
            var buffer = [UInt8](repeating: 0, count: 4 << 10)
            let count = read(client.descriptor, &buffer, buffer.count)
            return Array(buffer.prefix(max(0, count)))
        }
        var decoder = FrameDecoder()
        let events = decoder.decode(told)
        #expect(decoder.framing == framing)
        guard case .message(let message)? = events.first else {
            Issue.record("no message: \(String(decoding: told, as: UTF8.self))")
            return
        }
        #expect(try JSONValue(parsing: message)["error"]?["code"] == 1011)
    }

    @Test func aClientThatNeverReadsIsDroppedAtTheLimit() async throws {
        let serving = Serving(configure: { $0.outputLimit = 4 << 20 }) { methods in
            methods.onRequest("large") { _, _ in .string(letters(1 << 20)) }
        }
        let (client, end) = serving.connect(reading: false)
        for id in 0..<20 { client.request(id, "large") }
        #expect(try await end.value == .tooSlow)
        #expect(serving.server.statistics.connectionsDropped == 1)
    }

    @Test func aClientThatLeavesItsBacklogUnreadIsDroppedInTime() async throws {
        let serving = Serving(configure: {
            $0.outputHighWatermark = 64 << 10
            $0.stallTime = .milliseconds(50)
        }) { methods in
            methods.onRequest("large") { _, _ in .string(letters(4 << 20)) }
        }
        let (client, end) = serving.connect(reading: false)
        client.request(1, "large")
        #expect(try await end.value == .tooSlow)
        #expect(serving.server.statistics.connectionsDropped == 1)
    }

    @Test func aClientThatReadsAByteNowAndThenIsDroppedInTime() async throws {
        let serving = Serving(configure: {
            $0.outputHighWatermark = 64 << 10
            $0.stallTime = .milliseconds(200)
            $0.stallBytes = 64 << 10
        }) { methods in
            methods.onRequest("large") { _, _ in .string(letters(4 << 20)) }
        }
        let (client, end) = serving.connect(reading: false)
        client.request(1, "large")
        let isDropped = Atomic(false)
        let stopped = Gate()
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while !isDropped.load(ordering: .relaxed), read(client.descriptor, &byte, 1) == 1 { usleep(1000) }
            stopped.open()
        }
        #expect(try await end.value == .tooSlow)
        isDropped.store(true, ordering: .relaxed)
        await stopped.wait()
    }

    /// What counts is that it takes some all the while, not that it is done in time.
    @Test func aClientThatReadsALargeReplySlowlyIsNotDropped() async throws {
        let serving = Serving(configure: {
            $0.outputHighWatermark = 64 << 10
            // Less than the whole takes; more than a busy machine may keep the reader waiting.
            $0.stallTime = .seconds(5)
            $0.stallBytes = 1
        }) { methods in
            methods.onRequest("large") { _, _ in .string(letters(8 << 20)) }
        }
        let (client, _) = serving.connect(reading: false)
        client.request(1, "large")
        let total = try await onThread { readSlowly(client.descriptor, upTo: 8 << 20, atATime: 48 << 10) }
        #expect(total >= 8 << 20)
        #expect(serving.server.statistics.connectionsDropped == 0)
    }

    @Test func aReplyLargerThanTheLimitIsSentToAClientThatReads() async {
        let serving = Serving(configure: { $0.outputLimit = 1 << 20 }) { methods in
            methods.onRequest("large") { _, _ in .string(letters(4 << 20)) }
        }
        let (client, _) = serving.connect()
        client.request(1, "large")
        #expect(await client.next()?["result"]?.string?.utf8.count == 4 << 20)
    }

    /// Each reply is as large as its request, because it echoes a long id, and is given as soon as the request is read.
    /// The client does not read before it has written all it can: were it read from all the while, its output would
    /// reach the limit and it would be dropped.
    @Test func aClientThatDoesNotReadIsNotReadFrom() async {
        let serving = Serving(
            configure: {
                $0.outputHighWatermark = 64 << 10
                $0.outputLowWatermark = 16 << 10
                $0.outputLimit = 1 << 20
            }, addEcho)
        let (client, _) = serving.connect(reading: false)
        let padding = letters(8 << 10)
        let requests = 2_000
        Thread.detachNewThread {
            for id in 0..<requests { client.send(#"{"jsonrpc":"2.0","id":"\#(id) \#(padding)","method":"no/such"}"#) }
            client.endInput()
        }
        // Full when the kernel takes no more: the server has stopped reading, or is slow, which makes no difference.
        var full = pollfd(fd: client.descriptor, events: Int16(POLLOUT), revents: 0)
        while poll(&full, 1, 100) > 0 {}
        client.startReading()
        let replies = await client.rest()
        #expect(replies.count == requests)
        #expect(Set(replies.compactMap { $0["id"]?.string }).count == requests)
        #expect(serving.server.statistics.connectionsDropped == 0)
    }

    @Test func aClientThatIsNotReadFromCanGoAway() async throws {
        let serving = Serving(configure: { $0.outputHighWatermark = 64 << 10 }, addEcho)
        let (client, end) = serving.connect(reading: false)
        let padding = letters(8 << 10)
        Thread.detachNewThread {
            for id in 0..<2_000 { client.send(#"{"jsonrpc":"2.0","id":"\#(id) \#(padding)","method":"no/such"}"#) }
        }
        var full = pollfd(fd: client.descriptor, events: Int16(POLLOUT), revents: 0)
        while poll(&full, 1, 100) > 0 {}
        client.disconnect()
        #expect(try await end.value == .disconnected)
    }

    /// One client does not read a large reply; another is served meanwhile.
    @Test func aClientThatDoesNotReadHoldsUpNobody() async {
        // How long the others take depends on the machine: none is to be dropped meanwhile.
        let serving = Serving(configure: { $0.stallTime = .seconds(3600) }) { methods in
            addEcho(&methods)
            methods.onRequest("large") { _, _ in .string(letters(16 << 20)) }
        }
        let stuck = (0..<8).map { _ in serving.connect(reading: false).0 }
        for client in stuck { client.request(1, "large") }
        let (client, _) = serving.connect()
        for id in 0..<100 {
            client.request(id, "echo", "[]")
            #expect(await client.next()?["id"] == .integer(Int64(id)))
        }
        for client in stuck {
            client.startReading()
            #expect(await client.next()?["result"]?.string?.utf8.count == 16 << 20)
        }
    }

    private func addWaiting(_ gate: Gate, _ methods: inout MethodTable) {
        methods.onRequest("wait") { _, _ in
            await gate.wait()
            return "done"
        }
    }
}
