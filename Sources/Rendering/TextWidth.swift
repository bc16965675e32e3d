/// Widths of text without a font at hand: good to about a tenth for the usual book and sans faces,
/// which is enough to lay words out and to shorten labels.
package enum TextWidth {
    /// Faces such as DejaVu Sans and Verdana are wider than the estimate by this factor: for numbers beside what they
    /// must not touch, and for labels that would be cut off.
    static let widest = 1.2

    /// Width in em. A cluster (a letter with its marks, joined emoji) is as wide as its widest scalar.
    package static func ems(_ text: some StringProtocol) -> Double {
        text.reduce(0) { sum, character in sum + (character.unicodeScalars.map(ems).max() ?? 0) }
    }

    private static func ems(_ scalar: Unicode.Scalar) -> Double {
        switch scalar {
        case "i", "j", "l", "'", "|", ".", ",", ":", ";", "!": return 0.29
        case "f", "t", "r", "I", "(", ")", "[", "]", "-", " ": return 0.36
        case "m", "w", "M", "W", "@": return 0.84
        case "0"..."9", "a"..."z", "+", "±", "\u{2212}", "×": return 0.54
        case "A"..."Z": return 0.69
        // What is not drawn as such is drawn as U+FFFD.
        case _ where scalar.isControl || scalar.reordersText || scalar == "\u{FFFD}": return 1
        default: return scalar.columns == 0 ? 0 : scalar.columns == 2 ? 1.05 : 0.6
        }
    }

    /// The text, shortened with an ellipsis where it is wider than `width` at font size `size`.
    static func fit(_ text: String, size: Double, width: Double) -> String {
        if ems(text) * size <= width { return text }
        var result = Substring(text)
        while !result.isEmpty, (ems(result) + 0.9) * size > width { result.removeLast() }
        return result + "…"
    }
}

extension Unicode.Scalar {
    /// Columns of a terminal: 0 for marks and joiners, 2 for East Asian wide characters and emoji, else 1.
    var columns: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if properties.isEmojiPresentation { return 2 }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// Letters of scripts written from right to left (Hebrew to Arabic Extended, and their presentation forms).
    var isRightToLeft: Bool {
        (0x0590...0x08FF).contains(value) || (0xFB1D...0xFDFF).contains(value) || (0xFE70...0xFEFC).contains(value)
    }
}

extension String {
    /// The direction of the first strong letter.
    var isRightToLeft: Bool {
        unicodeScalars.first { $0.isRightToLeft || $0.properties.isAlphabetic }?.isRightToLeft ?? false
    }
}
