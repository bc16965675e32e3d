import Foundation

/// Means over pairs, with their uncertainty, in the order in which measures first came.
struct EvaluationSummary {
    private var names: [String] = []
    private var values: [String: [Double]] = [:]

    mutating func add(_ name: String, _ value: Double?) {
        if values[name] == nil {
            names.append(name)
            values[name] = []
        }
        if let value { values[name]?.append(value) }
    }

    /// A line per measure: its mean, the 95% interval of the mean, the standard deviation, and how many pairs had it.
    var table: [String] {
        let width = max(12, names.map(\.count).max() ?? 0)
        func padded(_ name: String) -> String { name + String(repeating: " ", count: width - name.count) }
        return [padded("") + "     mean   95% interval of mean   deviation   pairs"]
            + names.map { name in
                let sample = values[name] ?? []
                let count = String(repeating: " ", count: max(0, 8 - "\(sample.count)".count)) + "\(sample.count)"
                guard let mean = Self.mean(sample) else {
                    return padded(name) + "        –                      –           –\(count)"
                }
                guard let half = Self.halfWidth(sample), let deviation = Self.deviation(sample) else {
                    return padded(name) + mean.fixed(3, width: 9) + "                      –           –\(count)"
                }
                let interval = "\((mean - half).fixed(3)) to \((mean + half).fixed(3))"
                return padded(name) + mean.fixed(3, width: 9)
                    + String(repeating: " ", count: max(1, 23 - interval.count)) + interval
                    + deviation.fixed(3, width: 12) + count
            }
    }

    static func mean(_ sample: [Double]) -> Double? {
        sample.isEmpty ? nil : sample.reduce(0, +) / Double(sample.count)
    }

    /// The sample's standard deviation; nil for fewer than two values.
    static func deviation(_ sample: [Double]) -> Double? {
        guard let mean = mean(sample), sample.count > 1 else { return nil }
        return (sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sample.count - 1)).squareRoot()
    }

    /// Half of the 95% interval of the mean by Student's t; nil for fewer than two values.
    static func halfWidth(_ sample: [Double]) -> Double? {
        deviation(sample).map {
            studentQuantile(degreesOfFreedom: sample.count - 1) * $0 / Double(sample.count).squareRoot()
        }
    }

    /// The 0.975 quantile of Student's t, exact for 1 and 2 degrees of freedom, else by the Cornish–Fisher expansion
    /// (Abramowitz and Stegun, 26.7.5), within 0.004.
    static func studentQuantile(degreesOfFreedom: Int) -> Double {
        let z = 1.959_963_984_540_054
        switch degreesOfFreedom {
        case ...1: return 12.706_204_736_432_1
        case 2: return 4.302_652_729_911_28
        default:
            let n = Double(degreesOfFreedom)
            let square = z * z
            let terms = [
                z * (square + 1) / 4, z * ((5 * square + 16) * square + 3) / 96,
                z * (((3 * square + 19) * square + 17) * square - 15) / 384,
                z * ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92160,
            ]
            return terms.reversed().reduce(0) { ($0 + $1) / n } + z
        }
    }
}
