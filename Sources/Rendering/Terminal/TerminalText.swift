/// Text for a terminal: what is safe to print, how wide it is, and in which colours.
package struct TerminalText: Sendable {
    var mode: PictureOptions.ColorMode

    package init(mode: PictureOptions.ColorMode) { self.mode = mode }

    /// Text with a foreground colour, reset after it; plain without colours.
    func colored(_ text: String, _ color: RGB, bold: Bool = false) -> String {
        guard mode != .none, !text.isEmpty else { return text }
        return "\u{1B}[\(bold ? "1;" : "")38;\(code(color))m\(text)\u{1B}[0m"
    }

    func dim(_ text: String) -> String { mode == .none ? text : "\u{1B}[2m\(text)\u{1B}[0m" }
    func bold(_ text: String) -> String { mode == .none ? text : "\u{1B}[1m\(text)\u{1B}[0m" }

    /// The parameters after `38;` or `48;` of an SGR sequence.
    func code(_ color: RGB) -> String {
        mode == .trueColor ? "2;\(color.red);\(color.green);\(color.blue)" : "5;\(color.xterm256)"
    }

    /// Bright enough for dark grounds and dark enough for light ones.
    static let positive = RGB(red: 226, green: 114, blue: 20)
    static let negative = RGB(red: 64, green: 136, blue: 214)
    static let neutral = RGB(red: 138, green: 143, blue: 150)

    static func hue(_ value: Double) -> RGB { value < 0 ? negative : positive }
}

extension RGB {
    /// The nearest entry of the xterm palette: the 6×6×6 cube (16–231) or the grey ramp (232–255).
    var xterm256: Int {
        let levels = [0, 95, 135, 175, 215, 255]
        func nearest(_ value: UInt8) -> Int {
            levels.indices.min { abs(levels[$0] - Int(value)) < abs(levels[$1] - Int(value)) } ?? 0
        }
        let (r, g, b) = (nearest(red), nearest(green), nearest(blue))
        let average = (Int(red) + Int(green) + Int(blue)) / 3
        let step = max(0, min(23, (average - 3) / 10))
        let gray = 8 + 10 * step
        func distance(_ x: Int, _ y: Int, _ z: Int) -> Int {
            let (dr, dg, db) = (x - Int(red), y - Int(green), z - Int(blue))
            return dr * dr + dg * dg + db * db
        }
        return distance(gray, gray, gray) < distance(levels[r], levels[g], levels[b])
            ? 232 + step : 16 + 36 * r + 6 * g + b
    }
}

extension String {
    /// The text without anything that moves a terminal's cursor, changes its state or reorders the line:
    /// control characters and bidirectional controls become U+FFFD, white space becomes a space.
    var terminalSafe: String {
        var result = ""
        for scalar in unicodeScalars {
            if scalar == "\t" || scalar == "\n" || scalar == "\r" || scalar.value == 0x2028 || scalar.value == 0x2029 {
                result += " "
            } else {
                result.unicodeScalars.append(scalar.isControl || scalar.reordersText ? "\u{FFFD}" : scalar)
            }
        }
        return result
    }

    /// Columns of a terminal that the text takes.
    package var columns: Int {
        reduce(0) { sum, character in sum + (character.unicodeScalars.map(\.columns).max() ?? 0) }
    }

    /// The text cut or filled with spaces to exactly `width` columns.
    func fitted(_ width: Int, alignRight: Bool = false) -> String {
        var text = self
        if columns > width {
            while !text.isEmpty, text.columns > max(0, width - 1) { text.removeLast() }
            if width > 0 { text += "…" }
        }
        let space = String(repeating: " ", count: max(0, width - text.columns))
        return alignRight ? space + text : text + space
    }
}
