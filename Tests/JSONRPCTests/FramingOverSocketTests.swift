import JSON
import JSONRPC
import Testing

/// The streams of `protocol/framing` sent to a server over a socket.
@Suite(.timeLimit(.minutes(10)))
struct FramingOverSocketTests {
    @Test(arguments: FramingFile.all, [false, true])
    func aStreamGetsItsReplies(file: FramingFile, byteByByte: Bool) async throws {
        let serving = Serving(configure: { $0.framing = file.limits }, addPing)
        let (client, end) = serving.connect()
        if byteByByte {
            for byte in file.input { client.write([byte]) }
        } else {
            client.write(file.input)
        }
        client.endInput()
        let replies = await client.rest()
        #expect(sorted(replies.map(shortForm)) == sorted(file.replies))
        if let mentions = file.failure?.mentions {
            let message = replies.first { $0["id"] == .null }?["error"]?["message"]?.string
            #expect(message?.contains(mentions) == true)
        }
        switch try await end.value {
        case .framing: #expect(file.failure != nil)
        case .endOfInput: #expect(file.failure == nil)
        case let other: Issue.record("the connection ended as \(other)")
        }
    }

    @Test(arguments: [Framing.lines, .headers])
    func streamsGluedTogetherGetAllTheirReplies(framing: Framing) async throws {
        let files = FramingFile.glueable(framing)
        let (client, _) = Serving(addPing).connect(framing: framing)
        client.write(files.flatMap(\.input))
        client.endInput()
        #expect(sorted(await client.rest().map(shortForm)) == sorted(files.flatMap(\.replies)))
    }

    /// The error must reach a client that is still sending, which a plain close would keep from it.
    @Test func aClientThatIsStillSendingReadsTheError() async throws {
        let serving = Serving(configure: { $0.framing.messageBytes = 1_000 }, addPing)
        let (client, end) = serving.connect()
        client.write("{" + letters(150_000))
        let reply = await client.next()
        #expect(reply?["error"]?["code"] == -32600)
        #expect(reply?["error"]?["message"]?.string?.contains("1000 bytes") == true)
        #expect(await client.next() == nil)
        client.disconnect()
        #expect(try await end.value == .framing(.messageTooLarge(announced: nil, limit: 1_000)))
    }

    @Test func messagesParsedOnOtherThreadsKeepTheirOrder() async throws {
        let started = Gate()
        let serving = Serving { methods in
            methods.onRequest("wait") { _, _ in
                started.open()
                try await Gate().waitUnlessCancelled()
                return .null
            }
        }
        let (client, _) = serving.connect()
        let padding = letters(2 << 20)
        // The cancellation is small and would overtake the large request if order were not kept.
        client.request(1, "wait", #"{"padding":"\#(padding)"}"#)
        client.notify("$/cancelRequest", #"{"id":1}"#)
        #expect(await client.next()?["error"]?["code"] == -32800)
    }

    private func addPing(_ methods: inout MethodTable) {
        methods.onRequest("server/ping") { _, _ in [:] }
    }
}
