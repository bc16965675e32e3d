import ShownText

extension NumberText {
    /// `+1.50 ± 0.10`; without an error only the value.
    static func withError(_ measured: Measured, decimals: Int) -> String {
        let value = signed(measured.value, decimals: decimals)
        guard let error = measured.error else { return value }
        return "\(value) ± \(plain(error, decimals: decimals))"
    }
}

/// Shorthand for coordinates inside markup.
func px(_ value: Double) -> String { NumberText.coordinate(value) }
