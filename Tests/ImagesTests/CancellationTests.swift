import Images
import Testing

/// Work on pictures asks every few milliseconds whether to go on.
@Suite("Cancelled work on pictures", .timeLimit(.minutes(10)))
struct CancellationTests {
    /// Says yes when asked for the `last` time.
    private final class Question {
        private(set) var asked = 0
        private let last: Int
        init(last: Int = .max) { self.last = last }
        func ask() -> Bool {
            asked += 1
            return asked >= last
        }
    }

    @Test("decoding", arguments: ["rgb-8.png", "rgb-8-interlaced.png", "progressive.jpg", "cmyk.jpg", "lossless.webp"])
    func decoding(name: String) throws {
        let bytes = try PillowFixtures.bytes(name)
        let question = Question()
        let image = try ImageDecoder.decode(bytes, isCancelled: question.ask)
        #expect(image == (try PillowFixtures.image(name)))
        // Small PNG files are decoded before anybody is asked.
        guard question.asked > 0 else { return }
        for last in Set([1, question.asked / 2 + 1, question.asked]) {
            #expect(throws: CancellationError.self) {
                try ImageDecoder.decode(bytes, isCancelled: Question(last: last).ask)
            }
        }
    }

    @Test("decoding a tall PNG, turning it and laying it over a colour")
    func largePNG() throws {
        let bytes = try PillowFixtures.bytes("exif-long.png")
        let turned = Question(last: 1)
        #expect(throws: CancellationError.self) { try ImageDecoder.decode(bytes, isCancelled: turned.ask) }
        let clear = try PillowFixtures.bytes("rgba-8.png")
        #expect(throws: CancellationError.self) {
            try ImageDecoder.decode(
                clear, background: BackgroundColor(red: 1, green: 2, blue: 3), isCancelled: { true })
        }
    }

    @Test("preprocessing asks the oftener the more there is to do")
    func preprocessing() throws {
        let siglip = ImagePreprocessor(family: .siglip, imageSize: 64)
        var asked: [Int] = []
        for height in [4_000, 8_000, 16_000] {
            let image = DecodedImage(width: 60, height: height, rgb: [UInt8](repeating: 9, count: 180 * height))
            let question = Question()
            let made = try siglip.process(image, isCancelled: question.ask)
            #expect(made == siglip.process(image))
            asked.append(question.asked)
            for last in [1, question.asked / 2, question.asked] {
                let stopped = Question(last: last)
                #expect(throws: CancellationError.self) { try siglip.process(image, isCancelled: stopped.ask) }
                #expect(stopped.asked == last)
            }
        }
        #expect(asked[0] > 4 && asked[1] > asked[0] && asked[2] > asked[1])
    }
}
