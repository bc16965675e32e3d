import Foundation
import TestSupport
import Testing
import Tokenizers

/// Texts far longer than a model reads take time in proportion, and are given up when nobody waits any more.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct LongTextTests {
    /// What costs most: marks in bad order, letters that grow, syllables in parts, characters that are all different.
    static let patterns: [String: String] = [
        "tibetan": "\u{F40}\u{F72}\u{F71}\u{F74}\u{F80}", "marks": "\u{301}\u{323}",
        "letter with marks": "e\u{301}\u{323}",
        "ligature": "\u{FDFA}", "jamo": "\u{1112}\u{1161}\u{11AB}", "compatibility": "\u{1E9B}\u{323}㎏",
        "sigma": "Σ\u{301}", "entities": "&amp;", "spaces": " a", "one word": "bicycle",
    ]

    private func text(_ pattern: String, scalars count: Int) -> String {
        let scalars = Array(pattern.unicodeScalars)
        var view = String.UnicodeScalarView()
        for index in 0..<count { view.append(scalars[index % scalars.count]) }
        return String(view)
    }

    @Test("time grows in proportion to the length", arguments: ["clip-small", "siglip-small", "siglip2-small"])
    func growth(model: String) throws {
        let tokenizer = try fixtureTokenizer(model)
        for (name, pattern) in Self.patterns {
            let growth = try Growth.ofSuperlinear(size: 1 << 14) { count in
                _ = try tokenizer.tokenize(text(pattern, scalars: count))
            }
            if let growth { Issue.record("\(name): \(growth)") }
        }
    }

    @Test("a cancelled text is given up", arguments: ["clip-small", "siglip-small", "siglip2-small"])
    func cancellation(model: String) throws {
        let tokenizer = try fixtureTokenizer(model)
        for (name, pattern) in Self.patterns {
            let text = text(pattern, scalars: 1 << 16)
            var asked = 0
            let whole = try tokenizer.tokenize(text) {
                asked += 1
                return false
            }
            #expect(try whole == tokenizer.tokenize(text))
            #expect(asked >= 3, "\(name)")
            for last in [1, asked / 2, asked] {
                var count = 0
                #expect(throws: CancellationError.self, "\(name)") {
                    try tokenizer.tokenize(text) {
                        count += 1
                        return count >= last
                    }
                }
                #expect(count == last)
            }
        }
    }

    @Test("the beginning of a long text is tokenized as if it stood alone", arguments: ["clip-small", "siglip-small"])
    func beginning(model: String) throws {
        let tokenizer = try fixtureTokenizer(model)
        let text = "a dog ﷺ and cafe\u{301} ﬁne " + String(repeating: "two cats ", count: 200)
        let found = try tokenizer.tokenize(text)
        #expect(found.truncated)
        #expect(
            try found == tokenizer.tokenize(text + "and more") || found.ids == tokenizer.tokenize(text + "and more").ids
        )
    }

    @Test("many empty texts share one result", arguments: ["clip-small", "siglip-small", "siglip2-small"])
    func emptyTexts(model: String) throws {
        let tokenizer = try fixtureTokenizer(model)
        let first = try tokenizer.tokenize("")
        let second = try tokenizer.tokenize("")
        #expect(first == second)
        let shared = first.ids.withUnsafeBufferPointer { one in
            second.ids.withUnsafeBufferPointer { $0.baseAddress == one.baseAddress }
        }
        #expect(shared)
    }
}
