import Foundation

extension Double {
    /// With `digits` decimals, right-aligned in `width` columns.
    func fixed(_ digits: Int, width: Int = 0) -> String {
        let text = String(format: "%.\(digits)f", self)
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension Int {
    /// `1 pair`, `3 pairs`.
    func counted(_ noun: String) -> String { self == 1 ? "1 \(noun)" : "\(self) \(noun)s" }

    /// A number of bytes as people read it: `12.3 MB`.
    var asBytes: String {
        switch self {
        case ..<1000: "\(self) B"
        case ..<1_000_000: "\((Double(self) / 1e3).fixed(1)) kB"
        case ..<1_000_000_000: "\((Double(self) / 1e6).fixed(1)) MB"
        default: "\((Double(self) / 1e9).fixed(2)) GB"
        }
    }
}
