import JSON
import JSONRPC
import Synchronization
import TestSupport
import Testing

/// How a connection may end while it has requests in flight.
enum Ending: String, CaseIterable, Sendable {
    case endOfInput, exit, disconnection, stop
}

/// Requests, batches and cancellations in random order on several connections, while handlers return at once, later,
/// with an error or by their cancellation, and then the end comes at whatever moment it finds.
@Suite(.timeLimit(.minutes(10))) struct OneReplyTests {
    private static let connections = 6
    private static let requests = 300
    private static let methods = ["quick", "yielding", "checking", "stubborn", "failing"]

    /// Ids of requests whose handler ran.
    private final class Begun: Sendable {
        private let ids = Mutex<Set<Int>>([])
        func note(_ id: Int) { ids.withLock { _ = $0.insert(id) } }
        var all: Set<Int> { ids.withLock { $0 } }
    }

    private let begun = Begun()

    @Test(.timeLimit(.minutes(10)), arguments: Ending.allCases, 0..<3)
    func everyRequestGetsOneReply(_ ending: Ending, _ seed: Int) async throws {
        let serving = makeServing()
        var random = SeededGenerator(seed: UInt64(seed))
        var clients: [(client: TestClient, end: Task<ConnectionEnd, any Error>)] = []
        for _ in 0..<Self.connections {
            let (client, end) = serving.connect()
            // A stop turns connections away that are not there yet.
            client.send(#"{"jsonrpc":"2.0","id":"there","method":"quick"}"#)
            #expect(await client.next()?["id"] == "there")
            clients.append((client, end))
        }
        for (number, (client, _)) in clients.enumerated() {
            send(to: client, first: number * Self.requests, &random)
            finish(client, ending)
        }
        if ending == .stop { await serving.server.stop(deadline: .seconds(60)) }
        var replies: [Int: Int] = [:]
        for (client, end) in clients {
            for message in await client.rest() {
                // The last message may have been cut.
                if ending == .disconnection, message == "unreadable" { continue }
                count(message, &replies)
            }
            _ = try await end.value
        }
        #expect(replies.values.allSatisfy { $0 == 1 }, "a request was replied to more than once")
        switch ending {
        case .endOfInput, .exit: #expect(Set(replies.keys) == Set(0..<Self.connections * Self.requests))
        case .stop: #expect(begun.all.subtracting(replies.keys).isEmpty, "a handler ran and nobody was told")
        case .disconnection: break
        }
        try await wait(while: !isAtRest(serving.server.statistics))
    }

    /// Writes requests `first ..< first + requests`, one by one or as batches, and cancels some of them once or twice.
    private func send(to client: TestClient, first: Int, _ random: inout SeededGenerator) {
        let end = first + Self.requests
        var next = first
        while next < end {
            let count = min(
                Int.random(in: 0..<4, using: &random) == 0 ? Int.random(in: 1...8, using: &random) : 1, end - next)
            let calls = (next..<next + count).map { call($0, &random) }
            next += count
            var lines = count == 1 && Bool.random(using: &random) ? calls[0] : "[" + calls.joined(separator: ",") + "]"
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let target = Int.random(in: max(first, next - 10)..<next, using: &random)
                lines += "\n" + #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(target)}}"#
            }
            client.write(lines + "\n")
        }
    }

    private func call(_ id: Int, _ random: inout SeededGenerator) -> String {
        let method = Self.methods.randomElement(using: &random) ?? "quick"
        // Large messages are parsed, and large results written, on threads of their own.
        let text = Int.random(in: 0..<50, using: &random) == 0 ? letters(100 << 10) : "x"
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":["\#(text)"]}"#
    }

    private func finish(_ client: TestClient, _ ending: Ending) {
        switch ending {
        case .endOfInput: client.endInput()
        case .exit: client.notify("exit")
        case .disconnection: client.disconnect()
        case .stop: break
        }
    }

    private func count(_ message: JSONValue, _ replies: inout [Int: Int]) {
        for reply in message.array ?? [message] {
            guard let id = reply["id"]?.int else {
                Issue.record("a reply to no request: \(reply)")
                continue
            }
            #expect((reply["result"] == nil) != (reply["error"] == nil))
            replies[id, default: 0] += 1
        }
    }

    private func isAtRest(_ statistics: ServerStatistics) -> Bool {
        statistics.connectionsOpen == 0 && statistics.inFlight == 0 && statistics.heldBytes == 0
            && statistics.unfinishedBytes == 0
    }

    private func makeServing() -> Serving {
        let configure: (inout RPCServerConfiguration) -> Void = { configuration in
            configuration.maximumInFlightPerConnection = 10_000
            configuration.maximumInFlight = 100_000
        }
        return Serving(configure: configure) { [begun] methods in
            for name in Self.methods {
                methods.onRequest(name) { params, context in
                    if case .integer(let id)? = context.id { begun.note(Int(id)) }
                    switch name {
                    case "yielding": for _ in 0..<3 { await Task.yield() }
                    case "checking":
                        await Task.yield()
                        try Task.checkCancellation()
                    // Pays no attention to its cancellation.
                    case "stubborn": for _ in 0..<30 { await Task.yield() }
                    case "failing": throw RPCError(code: 1, message: "failed as told")
                    default: break
                    }
                    return params ?? .null
                }
            }
        }
    }
}
