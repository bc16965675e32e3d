import JSON
import JSONRPC
import Testing

/// JSON-RPC 2.0, one connection.
@Suite struct RequestTests {
    @Test(arguments: [Framing.lines, .headers])
    func aRequestIsRepliedToInTheFramingOfTheConnection(framing: Framing) async throws {
        let serving = Serving(addEcho)
        let (client, end) = serving.connect(framing: framing)
        client.request(1, "echo", #"{"a":[1,2.5,"x"]}"#)
        #expect(await client.next() == ["jsonrpc": "2.0", "id": 1, "result": ["a": [1, 2.5, "x"]]])
        client.endInput()
        #expect(await client.next() == nil)
        #expect(try await end.value == .endOfInput)
    }

    @Test(arguments: ["7", "\"seven\"", "1.5", "-3", "1.23456789012345", "\"\"", "\"é\\u0000\"", "null"])
    func anIDIsEchoed(id: String) async throws {
        let serving = Serving(addEcho)
        let (client, _) = serving.connect()
        client.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"echo","params":[0]}"#)
        let reply = try #require(await client.next() as JSONValue?)
        #expect(reply["id"] == (try JSONValue(parsing: id)))
        #expect(reply["result"] == [0])
    }
}
