import CJansson
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

@Suite("A JSON text before it is parsed", .timeLimit(.minutes(10)))
struct JSONSurveyTests {
    @Test("depth, elements of a batch and the id are those of the parsed text", arguments: 0..<300)
    func counts(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let value = random.value(depth: 4)
        let text = try value.serialized(pretty: seed.isMultiple(of: 2))
        let survey = JSONSurvey(text)
        #expect(survey.depth == value.nesting)
        if let elements = value.array { #expect(survey.elements == max(1, elements.count)) }
        switch value["id"] {
        case .string, .integer: #expect(survey.id(in: text) == value["id"])
        case .real(let id): #expect(abs((survey.id(in: text)?.double ?? 0) / id - 1) < 1e-8)
        default: #expect(survey.id(in: text) == nil)
        }
    }

    @Test(
        "what jansson takes is never more than was said, and a bound on what it takes",
        arguments: [
            "{},", "[],", "[[]],", "1,", "0.5,", "null,", #""","#, #""x","#, #""\u0000\u00e9","#, #"{"a":1},"#,
            #"{"a":{},"b":[1,2,3]},"#, "[1,2,3,4,5,6,7,8,9],", #"{"name of a member that is long":"its value"},"#,
            #"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10},"#,
        ], [1, 100, 20_000])
    func memory(element: String, count: Int) throws {
        let text = "[" + String(repeating: element, count: count).dropLast() + "]"
        let bytes = Array(text.utf8)
        let survey = JSONSurvey(bytes)
        let peak = try JanssonMemory.peak { _ = try JSONValue(parsing: bytes) }
        #expect(peak <= survey.treeBytes)
        if count > 100 { #expect(survey.treeBytes < 3 * peak, "no text is refused for nothing: \(peak)") }
    }

    @Test("one long string, one object of many members")
    func largeValues() throws {
        for text in [
            #"{"a":""# + String(repeating: "xyz", count: 500_000) + #""}"#,
            "{" + (0..<50_000).map { #""k\#($0)":\#($0)"# }.joined(separator: ",") + "}",
        ] {
            let bytes = Array(text.utf8)
            let peak = try JanssonMemory.peak { _ = try JSONValue(parsing: bytes) }
            #expect(peak <= JSONSurvey(bytes).treeBytes)
        }
    }

    @Test("a text that takes too much memory is refused before anything is built")
    func tooLarge() throws {
        let bytes = Array(("[" + String(repeating: "{},", count: 100_000) + "{}]").utf8)
        var limits = JSONLimits.default
        limits.memory = 20 << 20
        let needed = JSONSurvey(bytes).parsingBytes
        let peak = JanssonMemory.peak {
            #expect(throws: JSONError.tooLarge(bytes: needed, limit: 20 << 20)) {
                try JSONValue(parsing: bytes, limits: limits)
            }
        }
        #expect(peak == 0)
        limits.memory = needed
        #expect(try JSONValue(parsing: bytes, limits: limits).array?.count == 100_001)
    }

    @Test("noise is looked over, too", arguments: 0..<300)
    func noise(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let alphabet = Array(#"[]{}:,"\u-0123d8ff.eE tx"#.utf8)
        let bytes = (0..<200).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        let survey = JSONSurvey(bytes)
        #expect(survey.depth <= bytes.count && survey.parsingBytes > 0)
        _ = try? JSONValue(parsing: bytes)
    }
}

@Suite("JSON that jansson does not read as it is", .timeLimit(.minutes(10)))
struct JSONRepairTests {
    @Test("every integer within 64 bits is exact, whatever stands beside it")
    func integers() throws {
        let value = try JSONValue(
            parsing: "[9007199254740993, 18446744073709551615, -9223372036854775808, -9223372036854775809, 1e2, -0]")
        #expect(
            value == [
                .integer(9_007_199_254_740_993), .real(0x1p64), .integer(.min), .real(-0x1p63), .real(100), .integer(0),
            ])
        let long = String(repeating: "9", count: 40)
        #expect(try JSONValue(parsing: #"{"\#(long)":"\#(long)","a":\#(long)}"#)["a"] == .real(1e40))
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "9", count: 400)) }
    }

    @Test(
        "half of a surrogate pair is read as U+FFFD, and whole pairs stay",
        arguments: [
            (#"a cat \ud83d"#, "a cat \u{FFFD}"), (#"\uDE00"#, "\u{FFFD}"), (#"\ud83d\ude00"#, "😀"),
            (#"\ud83d\ud83d\ude00\ude00"#, "\u{FFFD}😀\u{FFFD}"), (#"\\ud83d"#, #"\ud83d"#),
            (#"\\\ud83d"#, "\\\u{FFFD}"), (#"\ud83d\n\ude00"#, "\u{FFFD}\n\u{FFFD}"), (#"\uD83Dx"#, "\u{FFFD}x"),
            (#"\u00e9\udfff"#, "é\u{FFFD}"),
        ])
    func surrogates(written: String, read: String) throws {
        #expect(try JSONValue(parsing: "\"\(written)\"") == .string(read))
        #expect(try JSONValue(parsing: "{\"\(written)\":1}").object?.first?.key == read)
        #expect(try JSONValue(parsing: "[\"\(written)\",18446744073709551616]") == [.string(read), .real(0x1p64)])
    }

    @Test("what jansson reads as it is reads the same", arguments: 0..<300)
    func unchanged(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let text = try random.value(depth: 4).text()
        let plain = try JSONValue(parsing: text)
        #expect(try JSONValue(parsing: #"[\#(text),"\ud800",99999999999999999999]"#)[0] == plain)
    }

    @Test(
        "a fault is where it is in the text as it came",
        arguments: [
            ("[1, x]", 1), ("[18446744073709551615,\n 18446744073709551615, x]", 2), (#"["\ud83d", x]"#, 1),
            (#"["\ud83d", 18446744073709551615, x]"#, 1),
        ])
    func place(text: String, line: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        guard case .malformed(_, line, _, let byte)? = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(byte == text.utf8.count - 1, "after the x")
    }

    @Test("a malformed escape or number is still refused")
    func malformed() {
        for text in [#""\ud83""#, #""\ud83x""#, #""\u""#, "[099999999999999999999]", "-", "[1-99999999999999999999]"] {
            #expect(throws: JSONError.self, "\(text)") { try JSONValue(parsing: text) }
        }
    }

    @Test("a byte order mark before a text is skipped, elsewhere it is none of JSON")
    func byteOrderMark() throws {
        #expect(try JSONValue(parsing: "\u{FEFF}{\"a\":1}") == ["a": 1])
        #expect(throws: JSONError.self) { try JSONValue(parsing: "[\u{FEFF}1]") }
        #expect(throws: JSONError.self) { try JSONValue(parsing: "\u{FEFF}\u{FEFF}1") }
    }
}

@Suite("Names of members", .timeLimit(.minutes(10)))
struct MemberNameTests {
    struct Parameters: Codable, Equatable {
        var topK: Int?
    }

    @Test("are told apart by their bytes")
    func bytes() throws {
        let text = "{\"\u{e9}\":1,\"e\u{301}\":2}"
        let value = try JSONValue(parsing: text)
        #expect(value.object?.count == 2)
        #expect(value["\u{e9}"] == 1 && value["e\u{301}"] == 2)
        #expect(try value.text() == text)
        #expect(JSONValue.string("\u{e9}") != .string("e\u{301}"))
        #expect(value != (try JSONValue(parsing: "{\"e\u{301}\":1,\"\u{e9}\":2}")))
        #expect(throws: JSONError.self) { try JSONValue(parsing: "{\"\u{e9}\":1,\"\u{e9}\":2}") }
    }

    /// U+212A KELVIN SIGN is canonically equivalent to the letter K.
    @Test("a name that only looks like a parameter's is unknown")
    func unknown() throws {
        let value = try JSONValue(parsing: "{\"top\u{212A}\":1}")
        #expect(try value.decode(Parameters.self) == Parameters(topK: nil))
        #expect(throws: JSONError.unknown(paths: ["top\u{212A}"], known: ["topK"])) {
            try value.decode(Parameters.self, strict: true)
        }
    }
}

/// What jansson has allocated on one thread, beside all other threads, which it counts nothing of.
enum JanssonMemory {
    private static let lock = Mutex(())
    /// The thread that is counted; the counts are its own.
    private static let thread = Atomic<UInt>(0)
    nonisolated(unsafe) private static var current = 0
    nonisolated(unsafe) private static var peak = 0
    nonisolated(unsafe) private static var sizes: [UnsafeMutableRawPointer: Int] = [:]

    /// The most bytes, in malloc's blocks, that jansson had while `body` ran.
    static func peak(_ body: () throws -> Void) rethrows -> Int {
        try lock.withLock { _ in
            (current, peak, sizes) = (0, 0, [:])
            thread.store(UInt(pthread_self()), ordering: .relaxed)
            json_set_alloc_funcs(
                { size in
                    let block = malloc(size)
                    JanssonMemory.note(block, size)
                    return block
                },
                { block in
                    JanssonMemory.forget(block)
                    free(block)
                })
            defer { thread.store(0, ordering: .relaxed) }
            try body()
            return peak
        }
    }

    private static var counts: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Counts the block that malloc makes for a size; what it hands out can be a little larger, as its heap happens to be.
    private static func note(_ block: UnsafeMutableRawPointer?, _ size: Int) {
        guard let block, counts else { return }
        let taken = max(32, (size + 8 + 15) & ~15)
        sizes[block] = taken
        current += taken
        peak = max(peak, current)
    }

    private static func forget(_ block: UnsafeMutableRawPointer?) {
        guard let block, counts, let taken = sizes.removeValue(forKey: block) else { return }
        current -= taken
    }
}

/// Values of every kind, the same for each seed.
extension SeededGenerator {
    fileprivate mutating func value(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &self) {
        case 0: return [nil, true, false].randomElement(using: &self) ?? nil
        case 1: return .integer(Int64.random(in: .min ... .max, using: &self))
        case 2: return .real(Double.random(in: -1...1, using: &self))
        case 3, 4: return .string(text())
        case 5: return .array((0..<Int.random(in: 0...5, using: &self)).map { _ in value(depth: depth - 1) })
        default:
            return .object(
                JSONObject(
                    (0..<Int.random(in: 0...5, using: &self)).map { index in
                        (index == 2 ? "id" : "\(index)" + text(), value(depth: depth - 1))
                    }))
        }
    }

    private mutating func text() -> String {
        let characters: [Character] = ["a", "\"", "\\", "é", "{", "[", ",", ":", "😀", "\n", "u", "\u{1}"]
        return String(
            (0..<Int.random(in: 0...12, using: &self)).compactMap { _ in characters.randomElement(using: &self) })
    }
}

extension JSONValue {
    fileprivate var nesting: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.nesting).max() ?? 0)
        case .object(let members): 1 + (members.map(\.value.nesting).max() ?? 0)
        default: 0
        }
    }
}
