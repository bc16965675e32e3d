/// What a JSON text holds, counted in one pass over its bytes before anything is built: how deep it is nested, how many
/// values it has, and what they take in memory.
///
/// The counts are exact for a valid text, and never too low for the part of another that is built before its fault is
/// found.
package struct JSONSurvey: Sendable {
    /// How many arrays and objects are nested.
    package private(set) var depth = 0
    /// Elements of the outermost array, of which an empty one counts as one; 0 where the text is not an array.
    package private(set) var elements = 0

    private(set) var arrays = 0
    private(set) var objects = 0
    private(set) var emptyArrays = 0
    private(set) var emptyObjects = 0
    private(set) var commas = 0
    private(set) var members = 0
    private(set) var numbers = 0
    private(set) var strings = 0
    /// Bytes of all strings as they are written, member names among them.
    private(set) var stringBytes = 0
    private(set) var longestString = 0
    /// Integers beyond 64 bits, which jansson does not read.
    private(set) var largeIntegers = 0
    /// Whether a string has half of a surrogate pair, which jansson does not read.
    private(set) var hasLoneSurrogates = false
    /// The value of the member `id` of the outermost object, where that is a string or a number.
    private(set) var idRange: Range<Int>?

    package init(_ bytes: UnsafeRawBufferPointer) {
        var open = 0
        var isArray = false
        var name: Range<Int>?
        var isID = false
        var previous = JSONToken.close
        scanJSON(bytes) { token, range in
            defer { previous = token }
            switch token {
            case .openArray, .openObject:
                if case .openArray = token { arrays += 1 } else { objects += 1 }
                if open == 0, case .openArray = token {
                    isArray = true
                    elements = 1
                }
                open += 1
                depth = max(depth, open)
            case .close:
                open -= 1
                if case .openArray = previous { emptyArrays += 1 }
                if case .openObject = previous { emptyObjects += 1 }
            case .comma:
                commas += 1
                if open == 1, isArray { elements += 1 }
            case .colon:
                members += 1
                isID = open == 1 && !isArray && name.map { bytes[$0].elementsEqual(#""id""#.utf8) } == true
                return
            case .string(let hasUnicodeEscapes):
                strings += 1
                stringBytes += range.count
                longestString = max(longestString, range.count)
                if hasUnicodeEscapes, !hasLoneSurrogates {
                    forEachLoneSurrogate(in: bytes, range) { _ in hasLoneSurrogates = true }
                }
                if isID, idRange == nil { idRange = range }
                name = range
            case .number(let isInteger):
                numbers += 1
                if isInteger, isBeyondInteger(bytes[range]) { largeIntegers += 1 }
                if isID, idRange == nil { idRange = range }
            case .word: break
            }
            isID = false
        }
    }

    package init(_ bytes: [UInt8]) { self = bytes.withUnsafeBytes { JSONSurvey($0) } }

    /// The member `id` of the outermost object of the text that was looked over, where that is a string or a number.
    package func id(in bytes: [UInt8]) -> JSONValue? {
        idRange.flatMap { try? JSONValue(parsing: Array(bytes[$0])) }
    }

    /// The most values that arrays and objects hold.
    private var slots: Int { commas + arrays - emptyArrays + objects - emptyObjects + 1 }

    /// What jansson's tree takes at most, in bytes, with the buffer in which a string is gathered: its structures of
    /// version 2.14 (`jansson_private.h`, `hashtable.h`) in the blocks that malloc makes of them.
    package var treeBytes: Int {
        arrays * 128 + objects * 224 + numbers * 32 + strings * 80 + stringBytes + slots * 24 + members * 128
            + 2 * longestString
    }

    /// What the ``JSONValue`` takes at most, in bytes.
    package var valueBytes: Int {
        slots * MemoryLayout<JSONValue>.stride + (arrays - emptyArrays) * 48 + (objects - emptyObjects) * 128
            + members * 32 + strings * 48 + stringBytes
    }

    /// What is in memory at most while the text is parsed, in bytes, without the text.
    package var parsingBytes: Int { treeBytes + valueBytes }
}

/// Whether an integer, as it is written, is beyond 64 bits.
func isBeyondInteger(_ digits: Slice<UnsafeRawBufferPointer>) -> Bool {
    digits.count > 20 || digits.count > 18 && Int64(String(decoding: digits, as: UTF8.self)) == nil
}

/// Calls `body` with the place of each escape in a string that writes half of a surrogate pair without the other half.
func forEachLoneSurrogate(in bytes: UnsafeRawBufferPointer, _ string: Range<Int>, _ body: (Int) -> Void) {
    var index = string.lowerBound
    while index < string.upperBound {
        guard bytes[index] == UInt8(ascii: "\\") else {
            index += 1
            continue
        }
        guard let unit = unicodeEscape(bytes, at: index, before: string.upperBound) else {
            index += 2
            continue
        }
        if (0xD800...0xDBFF).contains(unit), let next = unicodeEscape(bytes, at: index + 6, before: string.upperBound),
            (0xDC00...0xDFFF).contains(next)
        {
            index += 12
            continue
        }
        if (0xD800...0xDFFF).contains(unit) { body(index) }
        index += 6
    }
}

/// The code unit that `\uXXXX` at `index` writes; nil where there is no such escape.
private func unicodeEscape(_ bytes: UnsafeRawBufferPointer, at index: Int, before end: Int) -> UInt16? {
    guard index + 6 <= end, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
        return nil
    }
    let digits = bytes[index + 2..<index + 6]
    guard digits.allSatisfy({ isHexDigit($0) }) else { return nil }
    return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
}

private func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "A")...UInt8(ascii: "F"):
        true
    default: false
    }
}

/// The same text for jansson, which reads no integer beyond 64 bits and no half of a surrogate pair.
///
/// An integer `N` beyond 64 bits becomes the real `Ne0`, which is the same number (RFC 8259, section 6). An escape that
/// writes half of a pair becomes `\ufffd`, U+FFFD, which stands for what cannot be decoded (Unicode 3.9). Nothing else
/// changes; so a text is valid after it exactly if it is valid but for these, and stays on its lines.
/// - Parameter integers: whether to change integers, which moves what follows them on their line.
func readableByJansson(_ bytes: UnsafeRawBufferPointer, _ survey: JSONSurvey, integers: Bool = true) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count + (integers ? 2 * survey.largeIntegers : 0))
    var copied = 0
    scanJSON(bytes) { token, range in
        switch token {
        case .string(hasUnicodeEscapes: true):
            forEachLoneSurrogate(in: bytes, range) { place in
                text.append(contentsOf: bytes[copied..<place])
                text.append(contentsOf: #"\ufffd"#.utf8)
                copied = place + 6
            }
        case .number(isInteger: true) where integers && isBeyondInteger(bytes[range]):
            text.append(contentsOf: bytes[copied..<range.upperBound])
            text.append(contentsOf: "e0".utf8)
            copied = range.upperBound
        default: break
        }
    }
    text.append(contentsOf: bytes[copied...])
    return text
}
