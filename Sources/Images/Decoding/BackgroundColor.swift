/// The colour that shows through transparent pixels.
package struct BackgroundColor: Sendable, Equatable {
    package let red: UInt8, green: UInt8, blue: UInt8

    package init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// Reads `#rrggbb` (upper or lower case hexadecimal digits); nil for anything else.
    package init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == 7, digits[0] == UInt8(ascii: "#"),
            digits.dropFirst().allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let value = UInt32(hex.dropFirst(), radix: 16)
        else { return nil }
        self.init(
            red: UInt8(truncatingIfNeeded: value >> 16), green: UInt8(truncatingIfNeeded: value >> 8),
            blue: UInt8(truncatingIfNeeded: value))
    }
}

/// RGBA `[count, 4]` over an opaque colour, rounded as Pillow's `Image.alpha_composite` rounds.
///
/// - Returns: `[count, 3]`; nil where `isCancelled`, which is asked every few milliseconds, said so.
func composite(rgba: [UInt8], over background: BackgroundColor, isCancelled: () -> Bool) -> [UInt8]? {
    let count = rgba.count / 4
    let below = [Int(background.red), Int(background.green), Int(background.blue)]
    let flat = [UInt8](unsafeUninitializedCapacity: count * 3) { out, initialized in
        for pixel in 0..<count {
            if pixel % (1 << 18) == 0, isCancelled() { return }
            let alpha = Int(rgba[4 * pixel + 3])
            for channel in 0..<3 {
                // Weights carry seven fractional bits; the opaque background makes them add up to 255 · 128.
                let upper = alpha << 7
                let sum = Int(rgba[4 * pixel + channel]) * upper + below[channel] * ((255 << 7) - upper) + (0x80 << 7)
                out.initializeElement(
                    at: 3 * pixel + channel, to: UInt8(truncatingIfNeeded: (((sum >> 8) + sum) >> 8) >> 7))
            }
        }
        initialized = count * 3
    }
    return flat.count == count * 3 ? flat : nil
}
