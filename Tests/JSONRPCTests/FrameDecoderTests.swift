import JSONRPC
import TestSupport
import Testing

/// Bytes to messages, without a server.
@Suite(.timeLimit(.minutes(10)))
struct FrameDecoderTests {
    /// How a stream is cut into pieces.
    enum Delivery: CaseIterable {
        case whole, byteByByte, random
    }

    @Test(arguments: FramingFile.all, Delivery.allCases)
    func aStreamGivesTheSameHoweverItIsCut(file: FramingFile, delivery: Delivery) {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<(delivery == .random ? 20 : 1) {
            var decoder = FrameDecoder(limits: file.limits)
            let events = decode(pieces(of: file.input, delivery, &random), with: &decoder)
            #expect(decoder.framing == file.framing)
            check(events, messages: file.messages, failure: file.failure)
        }
    }

    @Test func thereAreFilesForBothFramingsAndForNeither() {
        #expect(FramingFile.all.count >= 50)
        #expect(Set(FramingFile.all.map(\.framing)) == [.lines, .headers, nil])
        #expect(FramingFile.all.contains { $0.failure != nil })
    }

    @Test(arguments: [Framing.lines, .headers], Delivery.allCases)
    func streamsGluedTogetherGiveTheirMessagesInOrder(framing: Framing, delivery: Delivery) {
        let files = FramingFile.glueable(framing)
        #expect(files.count >= 9)
        var random = SeededGenerator(seed: 2)
        var decoder = FrameDecoder()
        let events = decode(pieces(of: files.flatMap(\.input), delivery, &random), with: &decoder)
        check(events, messages: files.flatMap(\.messages), failure: nil)
    }

    @Test(arguments: [Framing.lines, .headers], 0..<100)
    func whatIsFramedIsReadBack(framing: Framing, seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let messages = (0..<Int.random(in: 1...20, using: &random)).map { _ in
            [UInt8(ascii: "{")]
                + (0..<Int.random(in: 0...300, using: &random)).map { _ -> UInt8 in
                    let byte = UInt8.random(in: 0...255, using: &random)
                    return framing == .lines && byte == UInt8(ascii: "\n") ? 0 : byte
                }
        }
        var decoder = FrameDecoder()
        let events = decode(pieces(of: messages.flatMap(framing.frame), .random, &random), with: &decoder)
        check(events, messages: messages, failure: nil)
    }

    @Test(arguments: 0..<200)
    func noiseIsNeverReadTwoWays(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let alphabet = Array("Content-Length: 12\r\n{}[] \"\\".utf8) + [0, 0xFF]
        let noise = (0..<400).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        for start in ["", "{", "Content-Length: 3\r\n\r\nabc"] {
            let stream = Array(start.utf8) + noise
            var whole = FrameDecoder()
            let expected = decode([stream], with: &whole)
            for delivery in [Delivery.byteByByte, .random] {
                var decoder = FrameDecoder()
                #expect(decode(pieces(of: stream, delivery, &random), with: &decoder) == expected)
            }
        }
    }

    /// Looking at the bytes of the unfinished line again with every piece would take hours.
    @Test(.timeLimit(.minutes(10)))
    func aLongLineInSmallPiecesCostsNoMoreThanItsLength() {
        let piece = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 10)
        var decoder = FrameDecoder()
        for _ in 0..<((64 << 10) - 1) { #expect(decoder.decode(piece).isEmpty) }
        let events = decoder.decode(Array("{}\n".utf8))
        guard case .message(let line) = events.first else {
            Issue.record("no message")
            return
        }
        #expect(line.count == (64 << 20) - 1024 + 2)
    }

    @Test(.timeLimit(.minutes(10)))
    func aLongBodyInSmallPiecesCostsNoMoreThanItsLength() {
        let piece = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 10)
        var decoder = FrameDecoder()
        #expect(decoder.decode(Array("Content-Length: \(64 << 20)\r\n\r\n".utf8)).isEmpty)
        for _ in 0..<((64 << 10) - 1) { #expect(decoder.decode(piece).isEmpty) }
        #expect(decoder.decode(piece).count == 1)
    }

    @Test func nothingIsDecodedAfterAFailure() {
        var decoder = FrameDecoder()
        #expect(decoder.decode(Array("X".utf8)) == [.failure(.unrecognisedFirstByte(0x58))])
        #expect(decoder.decode(Array("{}\n".utf8)).isEmpty)
        #expect(decoder.finish().isEmpty)
    }

    private func pieces(of stream: [UInt8], _ delivery: Delivery, _ random: inout SeededGenerator) -> [[UInt8]] {
        switch delivery {
        case .whole: return [stream]
        case .byteByByte: return stream.map { [$0] }
        case .random:
            var pieces: [[UInt8]] = []
            var rest = stream[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...40, using: &random))
                pieces.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            return pieces
        }
    }

    private func decode(_ pieces: [[UInt8]], with decoder: inout FrameDecoder) -> [FrameDecoder.Event] {
        var events: [FrameDecoder.Event] = []
        for piece in pieces { events += decoder.decode(piece) }
        return events + decoder.finish()
    }

    private func check(_ events: [FrameDecoder.Event], messages: [[UInt8]], failure: FramingFile.Failure?) {
        var found: [[UInt8]] = []
        var error: RPCError?
        for event in events {
            switch event {
            case .message(let bytes): found.append(bytes)
            case .failure(let reason): error = reason.rpcError
            }
        }
        #expect(found == messages)
        #expect(error?.code == failure?.code)
        if let mentions = failure?.mentions { #expect(error?.message.contains(mentions) == true) }
        if failure != nil { #expect(events.last.map { if case .failure = $0 { true } else { false } } == true) }
    }
}
