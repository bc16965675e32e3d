import Foundation
import JSON
import JSONRPC
import Testing

/// Several requests at a time on one connection of the blocking client.
extension RPCClientTests {
    @Test func repliesComeAsTheyAreReadyAndCarryTheNumberOfTheirRequest() async throws {
        let gate = Gate()
        let methods = { (methods: inout MethodTable) in
            addEcho(&methods)
            methods.onRequest("wait") { _, _ in
                await gate.wait()
                return "waited"
            }
            methods.onRequest("open") { _, _ in
                gate.open()
                return "opened"
            }
        }
        try await withClient(methods) { client throws in
            let first = try client.send("wait")
            let second = try client.send("fail", params: ["code": 1001])
            guard case .reply(second, .failure(let error)) = try client.nextReply() else {
                Issue.record("the failure comes first")
                return
            }
            #expect(error.code == 1001)
            let third = try client.send("open")
            var replies: [Int64: JSONValue] = [:]
            for _ in 0..<2 {
                guard case .reply(let number, .success(let result)) = try client.nextReply() else { continue }
                replies[number] = result
            }
            #expect(replies == [first: "waited", third: "opened"])
            #expect(try client.call("echo", params: [1]) == [1])
        }
    }

    @Test func anInterruptEndsTheWaitAndTheRequestGoesOn() async throws {
        let started = Gate()
        let gate = Gate()
        let methods = { (methods: inout MethodTable) in
            methods.onRequest("wait") { _, _ in
                started.open()
                await gate.wait()
                return "waited"
            }
        }
        Task {
            await started.wait()
            kill(getpid(), SIGINT)
        }
        try await withClient(methods) { client throws in
            let interrupt = try InterruptWatch()
            let number = try client.send("wait")
            guard case .interrupted = try client.nextReply(interrupt: interrupt) else {
                Issue.record("it was not interrupted")
                return
            }
            gate.open()
            guard case .reply(number, .success("waited")) = try client.nextReply(interrupt: interrupt) else {
                Issue.record("the request did not go on")
                return
            }
        }
    }

    @Test func aServerThatGoesAwayEndsTheWaitForReplies() async throws {
        let (mine, theirs) = try socketPair()
        try await onThread {
            let client = RPCClient(input: mine, output: mine)
            _ = try client.send("echo")
            close(theirs)
            #expect(throws: RPCClientError.self) { try client.nextReply() }
        }
    }
}
