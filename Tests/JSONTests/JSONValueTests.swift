import JSON
import Testing

@Suite("JSON text", .timeLimit(.minutes(10)))
struct JSONTextTests {
    @Test(
        "every kind of value survives a round trip, members in order",
        arguments: [
            "null", "true", "-3", "0.25", "\"a\\u0000b ☕ \\\"\"", "[]", "{}", "[1,[2,[3]],{}]",
            #"{"z":1,"a":[null,false],"m":{"x":1.5}}"#,
        ])
    func roundTrip(text: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(try JSONValue(parsing: value.serialized()) == value)
        if !text.contains("\\u") { #expect(try value.text() == text) }
    }

    @Test("a text that is read in pieces gives the same value or error, and is left off when nobody wants it")
    func readInPieces() throws {
        let numbers = (0..<60_000).map { "\"\($0),\($0 + 1)\":\($0).5" }.joined(separator: ",")
        let text = "{\"data\":{\(numbers)},\"é\":[null,true,\"☕\"]}"
        var questions = 0
        let value = try JSONValue(parsing: text) {
            questions += 1
            return false
        }
        #expect(value == (try JSONValue(parsing: text)))
        #expect(questions > 20, "a question for each some dozen kilobytes, and for each some thousand values")
        for last in stride(from: 0, to: questions, by: 5) {
            var asked = 0
            #expect(throws: JSONError.cancelled) {
                try JSONValue(parsing: text) {
                    asked += 1
                    return asked > last
                }
            }
        }
        for wrong in ["{\"a\": 1,}", "", "[1,2", text.dropLast() + "]"] {
            let whole = #expect(throws: JSONError.self) { try JSONValue(parsing: String(wrong)) }
            let pieces = #expect(throws: JSONError.self) { try JSONValue(parsing: String(wrong)) { false } }
            guard case .malformed(let reason, let line, let column, _)? = whole,
                case .malformed(let other, line, column, _)? = pieces
            else {
                Issue.record("\(String(describing: whole)) and \(String(describing: pieces))")
                continue
            }
            #expect(reason == other)
        }
    }

    @Test("every 32-bit float comes back exactly")
    func floats() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let number = Float(bitPattern: UInt32.random(in: 0..<0x7F80_0000, using: &generator))
            let value = try JSONValue(parsing: JSONValue.real(Double(number)).serialized())
            #expect(Float(value.double ?? .nan) == number)
        }
    }

    @Test("a malformed text is refused with its place")
    func malformed() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: "{\"a\": 1,}") }
        do {
            _ = try JSONValue(parsing: "{\n  \"a\": x}")
            Issue.record("accepted")
        } catch {
            guard case .malformed(_, let line, _, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(line == 2)
        }
    }

    @Test("depth, duplicate names and invalid UTF-8 are refused")
    func limits() throws {
        let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        #expect(throws: JSONError.tooDeep(limit: 64)) { try JSONValue(parsing: deep) }
        #expect(
            try JSONValue(parsing: String(repeating: "[", count: 64) + String(repeating: "]", count: 64)).array != nil)
        #expect(try JSONValue(parsing: "\"" + String(repeating: "[", count: 100) + "\"").string != nil)
        #expect(throws: JSONError.self) { try JSONValue(parsing: #"{"a":1,"a":2}"#) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test("integers beyond 64 bits are read as reals, and the others of the text stay integers")
    func largeIntegers() throws {
        let value = try JSONValue(parsing: "[18446744073709551615, -9223372036854775809, 7, 0.5, 9007199254740992]")
        #expect(value == [.real(0x1p64), .real(-0x1p63), 7, 0.5, 9_007_199_254_740_992])
        #expect(try JSONValue(parsing: "[9223372036854775807]") == [.integer(.max)])
        #expect(throws: JSONError.self) { try JSONValue(parsing: "[1e400]") }
    }

    @Test("NaN never leaves, and the error names where it was")
    func notFinite() {
        let value: JSONValue = ["values": ["first": [1.0, .real(.nan)]]]
        #expect(throws: JSONError.notFinite(path: "values.first[1]")) { try value.serialized() }
    }
}

@Suite("JSON and Codable", .timeLimit(.minutes(10)))
struct JSONCodingTests {
    struct Grid: Codable, Equatable {
        var rows: Int
        var columns: Int
    }
    struct Parameters: Codable, Equatable {
        var text: String
        var p: Double?
        var grid: Grid?
        var sizes: [Int]
        var extra: JSONValue?
    }

    @Test("a Codable type goes through and comes back")
    func roundTrip() throws {
        let parameters = Parameters(
            text: "a dog", p: 0.3, grid: Grid(rows: 2, columns: 3), sizes: [1, 2], extra: ["k": [1, nil]])
        let value = try JSONValue(encoding: parameters)
        #expect(
            try value.text()
                == #"{"text":"a dog","p":0.3,"grid":{"rows":2,"columns":3},"sizes":[1,2],"extra":{"k":[1,null]}}"#)
        #expect(try value.decode(Parameters.self, strict: true) == parameters)
    }

    @Test("a form of many values is given up for one that may take its time")
    func limited() throws {
        let small = Parameters(text: "a", p: 0.5, grid: Grid(rows: 1, columns: 2), sizes: [1, 2, 3], extra: nil)
        #expect(try JSONValue(encoding: small, upTo: 100) == JSONValue(encoding: small))
        let large = Parameters(text: "a", p: nil, grid: nil, sizes: Array(0..<200), extra: nil)
        #expect(try JSONValue(encoding: large, upTo: 100) == nil)
        #expect(try JSONValue(encoding: [[1.5, nil], [Double?](repeating: 2, count: 99)], upTo: 100) == nil)
    }

    @Test("an error names the member by its path")
    func paths() throws {
        let wrong = try JSONValue(parsing: #"{"text":"a","sizes":[1,"x"]}"#)
        #expect(throws: JSONError.mismatch(path: "sizes[1]", expected: "an integer", found: "a string")) {
            try wrong.decode(Parameters.self)
        }
        let missing = try JSONValue(parsing: #"{"text":"a","sizes":[],"grid":{"rows":1}}"#)
        #expect(throws: JSONError.missing(path: "grid.columns")) { try missing.decode(Parameters.self) }
        let fraction = try JSONValue(parsing: #"{"text":"a","sizes":[1.5]}"#)
        #expect(throws: JSONError.self) { try fraction.decode(Parameters.self) }
    }

    @Test("arrays of numbers and strings are what they are one by one")
    func arrays() throws {
        struct Lists: Codable, Equatable {
            var a: [Int]
            var b: [[Double]]
            var c: [Float?]
            var d: [String]
            var e: [UInt8]
        }
        let lists = Lists(a: [1, 3], b: [[0.5, 2], []], c: [1.5, nil], d: ["x", ""], e: [0, 255])
        let value = try JSONValue(encoding: lists)
        #expect(try value.text() == #"{"a":[1,3],"b":[[0.5,2.0],[]],"c":[1.5,null],"d":["x",""],"e":[0,255]}"#)
        #expect(try value.decode(Lists.self, strict: true) == lists)
        #expect(try JSONValue(parsing: "[3.0, 4]").decode([Int].self) == [3, 4])
        for (text, path) in [
            (#"{"a":[1,2.5]}"#, "a[1]"), (#"{"a":[],"b":[[1],["x"]]}"#, "b[1][0]"), (#"{"a":[null]}"#, "a[0]"),
        ] {
            let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text).decode(Lists.self) }
            #expect(error?.path == path)
        }
    }

    @Test("a value that a type refuses is told in its words")
    func refused() throws {
        struct Even: Codable {
            init(from decoder: any Decoder) throws {
                let number = try decoder.singleValueContainer().decode(Int.self)
                guard number % 2 == 0 else {
                    throw DecodingError.dataCorrupted(
                        .init(codingPath: decoder.codingPath, debugDescription: "must be even; it is \(number)"))
                }
            }
            func encode(to encoder: any Encoder) throws {}
        }
        let error = #expect(throws: JSONError.self) {
            try JSONValue(parsing: #"{"a":[2,3]}"#).decode([String: [Even]].self)
        }
        #expect(error == .refused(path: "a[1]", reason: "must be even; it is 3"))
        #expect(error?.description == "'a[1]' must be even; it is 3")
    }

    @Test("a misspelt member is told when asked to be strict, and ignored otherwise")
    func unknown() throws {
        let value = try JSONValue(parsing: #"{"text":"a","sizes":[],"grid":{"rows":1,"columns":2,"colour":3}}"#)
        #expect(throws: JSONError.unknown(paths: ["grid.colour"], known: ["columns", "rows"])) {
            try value.decode(Parameters.self, strict: true)
        }
        #expect(try value.decode(Parameters.self).grid == Grid(rows: 1, columns: 2))
    }
}
