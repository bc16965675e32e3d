import ShownText

/// The diverging palette: orange raises the match, blue lowers it. The two differ in hue for every common
/// kind of colour blindness, and every value also carries its sign in text or form.
package enum Tint {
    static let positive = RGB(red: 209, green: 95, blue: 10)
    static let negative = RGB(red: 33, green: 102, blue: 172)

    /// The sign's class in stylesheets.
    static func cssClass(_ value: Double) -> String { value < 0 ? "n" : "p" }

    /// The class of a number in text: none of the signs' where it is printed as zero.
    static func textClass(_ value: Double, decimals: Int) -> String {
        let text = NumberText.signed(value, decimals: decimals)
        return text.hasPrefix(NumberText.minus) ? "nt" : text.hasPrefix("+") ? "pt" : "soft"
    }

    /// How strongly a value is coloured, 0 to 1: its size on the scale, fainter where its standard error is large.
    static func strength(_ measured: Measured, scale: Double) -> Double {
        guard scale > 0 else { return 0 }
        return min(1, abs(measured.value) / scale) * max(0.2, measured.confidence)
    }

    /// The opacity of a patch's tint over the image at full strength: the image shows through.
    package static let heatOpacity = 0.38
    /// The same in terminals, whose cells have one colour each.
    static let cellOpacity = 0.9
    /// The opacity of the veil over a patch without a value.
    package static let veilOpacity = 0.45
    /// The opacity of the veil around the regions of words.
    static let surroundingsOpacity = 0.38
}

/// A colour of 8 bits per channel.
struct RGB: Sendable, Equatable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8

    /// `self` covered by `other` with the given opacity.
    func covered(by other: RGB, opacity: Double) -> RGB {
        func mix(_ a: UInt8, _ b: UInt8) -> UInt8 {
            UInt8(max(0, min(255, (Double(a) + (Double(b) - Double(a)) * opacity).rounded())))
        }
        return RGB(red: mix(red, other.red), green: mix(green, other.green), blue: mix(blue, other.blue))
    }
}
