import Foundation
import TestSupport
import Testing
import Tokenizers

/// Normalisation with alignment gives what Foundation gives of whole texts.
@Suite(.timeLimit(.minutes(10)))
struct NormalizationTests {
    private func normalized(_ text: String, _ form: NormalizationForm) -> [Unicode.Scalar] {
        Checkpoint.uncancelled { checkpoint throws(CancellationError) in
            try form.apply(to: AlignedText(Array(text.unicodeScalars)[...]), checkpoint: checkpoint)
        }.scalars
    }

    /// Without two faults of Foundation: it sorts no marks across the Tibetan vowels of class 0 that decompose into
    /// marks, so they are taken apart first; and it leaves a Hangul syllable before a final consonant as it is, so
    /// composition begins with the decomposed text.
    private func reference(_ given: String, _ form: NormalizationForm) -> [Unicode.Scalar] {
        let vowels: [Unicode.Scalar: [Unicode.Scalar]] = [
            "\u{F73}": ["\u{F71}", "\u{F72}"], "\u{F75}": ["\u{F71}", "\u{F74}"], "\u{F81}": ["\u{F71}", "\u{F80}"],
        ]
        let text = String(String.UnicodeScalarView(given.unicodeScalars.flatMap { vowels[$0] ?? [$0] }))
        let result =
            switch form {
            case .nfd: text.decomposedStringWithCanonicalMapping
            case .nfkd: text.decomposedStringWithCompatibilityMapping
            case .nfc: text.decomposedStringWithCanonicalMapping.precomposedStringWithCanonicalMapping
            case .nfkc: text.decomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping
            }
        return Array(result.unicodeScalars)
    }

    @Test(arguments: NormalizationForm.allCases)
    func everyCharacter(form: NormalizationForm) {
        for value in UInt32(0x80)..<0x30000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = String(scalar)
            let found = normalized(text, form)
            if found != reference(text, form) {
                Issue.record("\(form) of \(String(value, radix: 16)): \(found)")
                return
            }
        }
    }

    @Test(arguments: NormalizationForm.allCases)
    func randomTexts(form: NormalizationForm) {
        var generator = SeededGenerator(seed: 11)
        let marks = Array(
            "\u{300}\u{301}\u{302}\u{308}\u{30a}\u{323}\u{327}\u{328}\u{331}\u{345}\u{5b0}\u{5bc}\u{93c}\u{9be}\u{9d7}\u{b3e}\u{b57}\u{f71}\u{f72}\u{f74}\u{f80}\u{1161}\u{1175}\u{11a8}\u{11c2}\u{3099}\u{309a}\u{344}\u{f73}\u{f75}\u{f81}\u{1d165}\u{16d63}\u{16d67}"
                .unicodeScalars)
        let letters = Array(
            "aeouAEOy\u{c5}\u{e7}\u{1b0}\u{1e69}\u{1ead}\u{3a9}\u{3b1}\u{1f80}\u{5e9}\u{915}\u{9c7}\u{b47}\u{f40}\u{1100}\u{1112}\u{ac00}\u{ac01}\u{d7a3}\u{304b}\u{30cf}\u{ff76}ﬁ㎏①\u{212b}\u{f900}日🐕 "
                .unicodeScalars)
        for _ in 0..<4000 {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                let alphabet = Bool.random(using: &generator) ? marks : letters
                view.append(alphabet.randomElement(using: &generator) ?? "a")
            }
            let text = String(view)
            #expect(normalized(text, form) == reference(text, form), "\(view.map { String($0.value, radix: 16) })")
        }
    }
}
