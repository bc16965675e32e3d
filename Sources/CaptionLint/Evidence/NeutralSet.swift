import FIxLIPProtocol
import Foundation

/// Captions and images that have nothing to do with any document: what a pair's score is compared with, so that images
/// that match everything and captions that match everything count for nothing.
enum NeutralSet {
    /// Everyday captions of different things.
    static let captions = [
        "a dog", "a cat on a sofa", "two horses in a field", "a bird in a tree", "a fish", "an elephant", "a bear",
        "a sheep", "a butterfly on a flower", "a bee", "a red rose", "a tree", "a cactus", "some grapes", "an apple",
        "a banana", "a pizza", "a cake with candles", "a cup of coffee", "a bottle of wine", "a bowl of soup",
        "an ice cream", "a car", "a red bus", "a bicycle", "a train at a station", "an aeroplane in the sky",
        "a sailing boat", "a rocket", "a tractor", "a house", "a church", "a bridge over a river", "a castle",
        "a tent", "a mountain with snow", "a beach with palm trees", "the moon at night", "the sun", "a rainbow",
        "a man in a suit", "a woman with a hat", "a child with a ball", "a crowd of people", "a hand", "an eye",
        "a guitar", "a piano", "a drum", "a football", "a tennis racket", "a chess board", "a book", "a pencil",
        "a computer on a desk", "a telephone", "a camera", "a clock", "a key", "a lamp", "an umbrella", "a shoe",
        "a pair of glasses", "a map of a city", "a bar chart", "a line graph with two curves",
        "a page of text", "a street sign",
    ]

    private static let side = 64

    /// Pictures that show nothing in particular: plain colours, gradients, stripes, chequers and noise.
    static let images: [ImageInput] = (0..<24).map { number in
        ImageInput(.pixels(Data(pixels(number)).base64EncodedString(), width: side, height: side))
    }

    private static let colors: [(Int, Int, Int)] = [
        (240, 240, 236), (16, 16, 18), (128, 128, 128), (196, 62, 58), (236, 152, 70), (98, 168, 92), (84, 132, 206),
        (138, 96, 178),
    ]

    /// RGB, rows from the top; the same on every machine.
    private static func pixels(_ number: Int) -> [UInt8] {
        let (first, second) = (colors[number % 8], colors[(number * 3 + 1) % 8])
        var state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func random() -> Int {
            // SplitMix64.
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) & 0xFF)
        }
        var bytes: [UInt8] = []
        for y in 0..<side {
            for x in 0..<side {
                let share: Int
                switch number / 8 {
                case 0: share = 0
                case 1: share = number % 2 == 0 ? 256 * y / side : ((x / 8 + y / 8) % 2) * 256
                default: share = number % 2 == 0 ? random() : (x / 8 % 2) * 256
                }
                func mixed(_ a: Int, _ b: Int) -> UInt8 { UInt8(clamping: (a * (256 - share) + b * share) / 256) }
                bytes += [mixed(first.0, second.0), mixed(first.1, second.1), mixed(first.2, second.2)]
            }
        }
        return bytes
    }
}

/// What a model says of the neutral captions and images; made once for a model.
package struct NeutralScores: Sendable {
    /// Embeddings of length 1.
    let captions: [[Float]]
    let images: [[Float]]
    /// The mean of all their logits.
    let mean: Float
    let scale: Float
    let bias: Float

    package init(captions: [[Float]], images: [[Float]], scale: Float, bias: Float) {
        self.captions = captions
        self.images = images
        self.scale = scale
        self.bias = bias
        var sum: Float = 0
        for image in images { for caption in captions { sum += scale * dot(image, caption) + bias } }
        mean = sum / Float(max(1, images.count * captions.count))
    }

    func logit(_ image: [Float], _ caption: [Float]) -> Float { scale * dot(image, caption) + bias }

    /// What an image makes of neutral captions, in logits: the mean.
    func level(ofImage image: [Float]) -> Float {
        captions.reduce(0) { $0 + logit(image, $1) } / Float(max(1, captions.count))
    }

    /// What a caption makes of neutral images, in logits: the mean.
    func level(ofCaption caption: [Float]) -> Float {
        images.reduce(0) { $0 + logit($1, caption) } / Float(max(1, images.count))
    }

    /// The doubly centred score of a pair, in standard deviations of those of neutral captions with the same image.
    package func standing(_ image: [Float], _ caption: [Float]) -> Double {
        let imageLevel = level(ofImage: image)
        func centred(_ caption: [Float]) -> Float {
            logit(image, caption) - imageLevel - level(ofCaption: caption) + mean
        }
        let neutral = captions.map(centred)
        let average = neutral.reduce(0, +) / Float(max(1, neutral.count))
        let variance = neutral.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Float(max(1, neutral.count - 1))
        return Double((centred(caption) - average) / max(variance.squareRoot(), 1e-3))
    }
}

/// The inner product of two vectors of one length.
func dot(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Float = 0
    for index in 0..<min(a.count, b.count) { sum += a[index] * b[index] }
    return sum
}
