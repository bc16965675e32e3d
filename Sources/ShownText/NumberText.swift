/// Numbers as text: a fixed count of decimals, a true minus sign, no locale, never "nan" or "-0".
package enum NumberText {
    package static let minus = "\u{2212}"

    /// Decimals that show a value of this size with two or three digits.
    package static func decimals(for scale: Double) -> Int {
        switch abs(scale) {
        case 100...: 0
        case 10..<100: 1
        case 1..<10: 2
        case 0.1..<1: 2
        default: 3
        }
    }

    /// `1.50`, `−0.20`; "n/a" for a value that is not finite.
    package static func plain(_ value: Double, decimals: Int) -> String {
        guard let (negative, digits) = fixed(value, decimals) else { return "n/a" }
        return (negative ? minus : "") + digits
    }

    /// `+1.50`, `−0.20`, and `0.00` for what rounds to zero.
    package static func signed(_ value: Double, decimals: Int) -> String {
        guard let (negative, digits) = fixed(value, decimals) else { return "n/a" }
        let isZero = digits.allSatisfy { $0 == "0" || $0 == "." }
        return (isZero ? "" : negative ? minus : "+") + digits
    }

    /// A drawing coordinate: at most two decimals, none that are zero, ASCII minus.
    package static func coordinate(_ value: Double) -> String {
        guard let (negative, digits) = fixed(value, 2) else { return "0" }
        var text = Substring(digits)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return negative ? "-\(text)" : String(text)
    }

    private static func fixed(_ value: Double, _ decimals: Int) -> (negative: Bool, digits: String)? {
        guard value.isFinite, abs(value) < 1e12 else { return nil }
        let power = (0..<decimals).reduce(1) { product, _ in product * 10 }
        let scaled = Int((abs(value) * Double(power)).rounded())
        var digits = String(scaled / power)
        if decimals > 0 {
            let rest = String(scaled % power)
            digits += "." + String(repeating: "0", count: decimals - rest.count) + rest
        }
        return (value < 0 && scaled != 0, digits)
    }
}
