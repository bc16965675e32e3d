import Captions
import Testing

/// A document, and the captions that a reference finds in it.
struct ElementExample: Sendable, CustomTestStringConvertible {
    var text: String
    /// Captions by image.
    var images: [String: String]

    init(_ text: String, _ images: [String: String]) { (self.text, self.images) = (text, images) }

    var testDescription: String { text.replacing("\n", with: "↵") }

    /// The captions by image, which lies at the root of what the document belongs to.
    var expected: [String: String] { Dictionary(uniqueKeysWithValues: images.map { ("/" + $0.key, $0.value) }) }

    /// The captions found in it, by image; every image is found once.
    func found(as language: String) throws -> [String: String] {
        let found = try CaptionFinder.captions(in: text, languageId: language, documentPath: "/a.\(language)")
        return Dictionary(uniqueKeysWithValues: found.map { ($0.image, $0.caption) })
    }
}
