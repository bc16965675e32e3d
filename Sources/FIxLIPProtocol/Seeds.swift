/// Seeds of the masks: one for both sides, or one for the image's and one for the text's. Explanations that share an
/// image and its seed share its masks whatever the text's seed is, and the other way round.
package struct Seeds: Codable, Sendable, Equatable {
    package var image: UInt32
    package var text: UInt32

    package init(image: UInt32, text: UInt32) {
        self.image = image
        self.text = text
    }

    private enum CodingKeys: String, CodingKey { case image, text }

    package init(from decoder: any Decoder) throws {
        if let members = try? decoder.container(keyedBy: CodingKeys.self) {
            self.init(
                image: try members.decode(UInt32.self, forKey: .image),
                text: try members.decode(UInt32.self, forKey: .text))
        } else if let both = try? decoder.singleValueContainer().decode(UInt32.self) {
            self.init(image: both, text: both)
        } else {
            throw decoder.refusal(
                #"a whole number from 0 to \#(UInt32.max), or {"image": …, "text": …} with one for each side"#)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if image == text {
            var container = encoder.singleValueContainer()
            try container.encode(image)
        } else {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(image, forKey: .image)
            try members.encode(text, forKey: .text)
        }
    }
}
