import JSON
import JSONRPC
import Testing

/// JSON-RPC 2.0 on one connection.
@Suite(.timeLimit(.minutes(10)))
struct RequestTests {
    @Test(arguments: [Framing.lines, .headers])
    func aRequestIsRepliedToInTheFramingOfTheConnection(framing: Framing) async throws {
        let (client, end) = Serving(addEcho).connect(framing: framing)
        client.request(1, "echo", #"{"a":[1,2.5,"x"]}"#)
        #expect(await client.next() == ["jsonrpc": "2.0", "id": 1, "result": ["a": [1, 2.5, "x"]]])
        client.endInput()
        #expect(await client.next() == nil)
        #expect(try await end.value == .endOfInput)
    }

    @Test(arguments: [
        "7", "\"seven\"", "1.5", "-3", "1.23456789012345", "\"\"", "\"é\\u0000\"", "null", "9223372036854775807",
    ])
    func anIDIsEchoed(id: String) async throws {
        let (client, _) = Serving(addEcho).connect()
        client.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"echo","params":[0]}"#)
        let reply = try #require(await client.next() as JSONValue?)
        #expect(reply["id"] == (try JSONValue(parsing: id)))
        #expect(reply["result"] == [0])
    }

    @Test(arguments: ["9223372036854775808", "-1e300"])
    func anIDThatCannotBeSentBackDigitByDigitIsRefused(id: String) async {
        let (client, _) = Serving(addEcho).connect()
        client.send(
            #"[{"jsonrpc":"2.0","id":\#(id),"method":"echo"},{"jsonrpc":"2.0","id":7,"method":"echo","params":[1]}]"#)
        let replies = await client.next()?.array ?? []
        #expect(replies.first?["id"] == .null)
        #expect(replies.first?["error"]?["message"]?.string?.contains("send it as a string") == true)
        #expect(replies.last?["id"] == 7 && replies.last?["result"] == [1], "the rest of the batch is answered")
    }

    @Test func anIDIsExactBesideAnIntegerThatIsNot() async {
        let (client, _) = Serving(addEcho).connect()
        client.send(#"{"jsonrpc":"2.0","id":9007199254740993,"method":"echo","params":[18446744073709551615]}"#)
        let reply = await client.next()
        #expect(reply?["id"] == .integer(9_007_199_254_740_993))
        #expect(reply?["result"] == [1.84467441e+19], "reals are written with nine digits")
    }

    /// `JSON.stringify` writes half of an emoji so.
    @Test func halfOfASurrogatePairIsAnsweredUnderItsID() async {
        let (client, _) = Serving(addEcho).connect()
        client.send(#"{"jsonrpc":"2.0","id":3,"method":"echo","params":["a cat \ud83d"]}"#)
        #expect(await client.next() == ["jsonrpc": "2.0", "id": 3, "result": ["a cat \u{FFFD}"]])
    }

    @Test func parametersOfNoneAreAnObjectOfNone() async {
        struct MayHave: Codable, Sendable { var a: Int? }
        struct MustHave: Codable, Sendable { var a: Int }
        let serving = Serving { methods in
            methods.onRequest("optional") { (parameters: MayHave, _) in parameters }
            methods.onRequest("required") { (parameters: MustHave, _) in parameters }
        }
        let (client, _) = serving.connect()
        for params in ["", #","params":null"#, #","params":[]"#, #","params":{}"#] {
            client.send(#"{"jsonrpc":"2.0","id":1,"method":"optional"\#(params)}"#)
            #expect(await client.next()?["result"] == [:])
        }
        client.request(5, "required", "[]")
        #expect(await client.next()?["error"]?["message"]?.string?.hasSuffix("'a' is missing") == true)
        client.request(6, "optional", "[1]")
        #expect(await client.next()?["error"]?["code"] == -32602)
    }

    /// U+212A KELVIN SIGN is canonically equivalent to the letter K.
    @Test func aMethodIsNamedByItsBytes() async {
        let (client, _) = Serving { $0.onRequest("K") { _, _ in "letter" } }.connect()
        client.request(1, "K")
        #expect(await client.next()?["result"] == "letter")
        client.request(2, "\u{212A}")
        #expect(await client.next()?["error"]?["code"] == -32601)
    }

    @Test func anUnknownMethodIsNamed() async {
        let (client, _) = Serving(addEcho).connect()
        client.request(1, "ecko")
        let error = await client.next()?["error"]
        #expect(error?["code"] == -32601)
        #expect(error?["message"]?.string?.contains("'ecko'") == true)
    }

    @Test func whatAHandlerThrowsIsTheErrorReply() async {
        let (client, _) = Serving(addEcho).connect()
        client.request(1, "fail", #"{"code":1001,"data":{"kind":"modelNotFound"}}"#)
        #expect(
            await client.next()?["error"] == [
                "code": 1001, "message": "failed as told", "data": ["kind": "modelNotFound"],
            ])
    }

    @Test func anyOtherErrorIsInternalAndNamesTheMethod() async {
        struct Broken: Error {}
        let serving = Serving { $0.onRequest("broken") { _, _ in throw Broken() } }
        let (client, _) = serving.connect()
        client.request(1, "broken")
        let error = await client.next()?["error"]
        #expect(error?["code"] == -32603)
        #expect(error?["message"]?.string?.contains("'broken'") == true)
    }

    @Test func errorsCanSayHowTheyAreTold() async {
        struct Missing: RPCErrorConvertible {
            var rpcError: RPCError { RPCError(code: 1008, message: "gone") }
        }
        let serving = Serving { $0.onRequest("find") { _, _ in throw Missing() } }
        let (client, _) = serving.connect()
        client.request(1, "find")
        #expect(await client.next()?["error"] == ["code": 1008, "message": "gone"])
    }

    /// NaN has no JSON; a reply must come all the same.
    @Test func aResultThatJSONCannotHoldIsAnInternalError() async {
        let serving = Serving { methods in
            methods.onRequest("nan") { _, _ in ["values": [1, .real(.nan)]] }
            methods.onRequest("badError") { _, _ in throw RPCError(code: 5, message: "bad", data: .real(.infinity)) }
        }
        let (client, _) = serving.connect()
        client.request(1, "nan")
        let error = await client.next()?["error"]
        #expect(error?["code"] == -32603)
        #expect(error?["message"]?.string?.contains("values[1]") == true)
        client.request(2, "badError")
        #expect(await client.next()?["error"]?["code"] == 5)
    }

    @Test func typedParamsNameTheParameterThatIsWrong() async {
        struct Params: Decodable, Sendable { let size: Int }
        struct Result: Encodable, Sendable { let doubled: Int }
        let serving = Serving { $0.onRequest("double") { (params: Params, _) in Result(doubled: 2 * params.size) } }
        let (client, _) = serving.connect()
        client.request(1, "double", #"{"size":4}"#)
        #expect(await client.next()?["result"] == ["doubled": 8])
        for (params, name) in [(#"{"size":"big"}"#, "size"), ("{}", "size"), (#"{"size":1,"sise":2}"#, "sise")] {
            client.request(2, "double", params)
            let error = await client.next()?["error"]
            #expect(error?["code"] == -32602)
            #expect(error?["message"]?.string?.contains("'\(name)'") == true)
        }
    }

    @Test func aSecondRequestWithAnIDInFlightIsInvalid() async {
        let gate = Gate()
        let serving = Serving { methods in
            methods.onRequest("wait") { _, _ in
                await gate.wait()
                return "done"
            }
        }
        let (client, _) = serving.connect()
        client.request(1, "wait")
        client.send(#"{"jsonrpc":"2.0","id":1.0,"method":"wait"}"#)
        #expect(await client.next()?["error"]?["code"] == -32600)
        gate.open()
        #expect(await client.next()?["result"] == "done")
        client.request(1, "wait")
        #expect(await client.next()?["result"] == "done")
    }

    @Test func idsThatOnlyLookAlikeAreDifferent() async {
        let gate = Gate()
        let serving = Serving { methods in
            methods.onRequest("wait") { _, _ in
                await gate.wait()
                return "done"
            }
        }
        let (client, _) = serving.connect()
        // A number and its digits; é in one scalar and in two.
        let ids = ["1", "\"1\"", "\"\u{E9}\"", "\"e\u{301}\"", "null", "null"]
        for id in ids { client.send(#"{"jsonrpc":"2.0","id":\#(id),"method":"wait"}"#) }
        gate.open()
        for _ in ids { #expect(await client.next()?["result"] == "done") }
    }

    @Test func requestsRunAtOnceAndRepliesComeAsTheyAreReady() async {
        let gate = Gate()
        let serving = Serving { methods in
            methods.onRequest("wait") { _, _ in
                await gate.wait()
                return "waited"
            }
            methods.onRequest("open") { _, _ in
                gate.open()
                return "opened"
            }
        }
        let (client, _) = serving.connect()
        client.request(1, "wait")
        client.request(2, "open")
        let replies = [await client.next(), await client.next()]
        #expect(Set(replies.compactMap { $0?["result"]?.string }) == ["waited", "opened"])
    }

    @Test func aBatchIsRepliedToWhenItsLastRequestIs() async {
        let gate = Gate()
        let serving = Serving { methods in
            addEcho(&methods)
            methods.onRequest("wait") { _, _ in
                await gate.wait()
                return "waited"
            }
        }
        let (client, _) = serving.connect()
        client.send(
            #"[{"jsonrpc":"2.0","id":1,"method":"wait"},{"jsonrpc":"2.0","id":2,"method":"echo","params":[5]}]"#)
        client.request(3, "echo", "[6]")
        #expect(await client.next()?["result"] == [6])
        gate.open()
        let batch = await client.next()?.array ?? []
        #expect(
            sorted(batch)
                == sorted([
                    ["jsonrpc": "2.0", "id": 1, "result": "waited"], ["jsonrpc": "2.0", "id": 2, "result": [5]],
                ]))
    }

    @Test func aBatchHasALimit() async {
        let (client, _) = Serving(addEcho).connect()
        let batch = { (count: Int) in
            "["
                + (0..<count).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"echo","params":[]}"# }.joined(
                    separator: ",")
                + "]"
        }
        client.send(batch(1_000))
        #expect(await client.next()?.array?.count { $0["result"] == [] } == 1_000)
        client.send(batch(1_001))
        let reply = await client.next()
        #expect(reply?["id"] == .null)
        #expect(reply?["error"]?["code"] == -32600)
        #expect(reply?["error"]?["message"]?.string?.contains("1000") == true)
    }

    @Test func aRequestWithoutAnIDRunsWithoutAReply() async {
        let ran = Gate()
        let serving = Serving { methods in
            addEcho(&methods)
            methods.onRequest("run") { _, context in
                #expect(context.id == nil)
                ran.open()
                return "unseen"
            }
        }
        let (client, _) = serving.connect()
        client.notify("run")
        await ran.wait()
        client.request(1, "echo", "[]")
        #expect(await client.next()?["id"] == 1)
    }

    /// `printf '…' | fixlipd serve --stdio`, or `socat` at the end of its input.
    @Test func whatCameBeforeTheEndOfInputIsAnswered() async throws {
        let gate = Gate()
        let serving = Serving { methods in
            methods.onRequest("wait") { _, _ in
                await gate.wait()
                return "done"
            }
        }
        let (client, end) = serving.connect()
        for id in 1...50 { client.request(id, "wait") }
        client.endInput()
        gate.open()
        let replies = await client.rest()
        #expect(Set(replies.compactMap { $0["id"]?.int }) == Set(1...50))
        #expect(replies.count == 50)
        #expect(try await end.value == .endOfInput)
    }

    @Test func largeResultsComeWhole() async throws {
        let serving = Serving { $0.onRequest("large") { _, _ in .array((0..<1_000_000).map { .integer($0) }) } }
        let (client, _) = serving.connect(framing: .headers)
        client.request(1, "large")
        client.request(2, "large")
        for _ in 0..<2 {
            let result = try #require(await client.next() as JSONValue?)["result"]
            #expect(result?.array?.count == 1_000_000)
            #expect(result?[999_999] == 999_999)
        }
    }

    @Test func promptHandlersAreRepliedToInOrderAndOneThatWaitsHoldsUpNone() async throws {
        struct None: Codable, Sendable {}
        let gate = Gate()
        let serving = Serving { table in
            table.onRequest("prompt", prompt: true) { (_: None, _) in ["at": "once"] }
            table.onRequest("waiting", prompt: true) { (_: None, _) in
                await gate.wait()
                return ["waited": 1]
            }
        }
        let (client, end) = serving.connect()
        client.request(1, "waiting")
        for id in 2...40 { client.request(id, "prompt") }
        for id in 2...40 {
            let reply = try #require(await client.next() as JSONValue?)
            #expect(reply == ["jsonrpc": "2.0", "id": .integer(Int64(id)), "result": ["at": "once"]])
        }
        gate.open()
        #expect(await client.next()?["result"] == ["waited": 1])
        client.endInput()
        #expect(try await end.value == .endOfInput)
    }
}
