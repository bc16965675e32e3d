import Foundation

/// How long requests took, in buckets a quarter of an octave wide: fixed in size, and quantiles are at most 19 % too
/// high (`2^(1/4)`), never too low.
struct LatencyHistogram: Sendable {
    /// Four per doubling, from one microsecond to 2^32 microseconds (71 minutes); what is longer is in the last.
    private static let bucketCount = 128
    private var counts = [UInt64](repeating: 0, count: bucketCount)
    private(set) var count = 0
    private(set) var maximum = Duration.zero

    mutating func record(_ duration: Duration) {
        counts[Self.bucket(of: duration)] += 1
        count += 1
        maximum = max(maximum, duration)
    }

    /// The upper edge of the bucket in which the `q`-quantile lies, or the maximum if that is less; zero when nothing
    /// was recorded.
    func quantile(_ q: Double) -> Duration {
        guard count > 0 else { return .zero }
        let rank = max(1, Int((q * Double(count)).rounded(.up)))
        var seen = 0
        for (index, bucket) in counts.enumerated() {
            seen += Int(bucket)
            if seen >= rank, index < Self.bucketCount - 1 { return min(maximum, Self.upperEdge(of: index)) }
        }
        return maximum
    }

    private static func bucket(of duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        let microseconds = Double(seconds) * 1e6 + Double(attoseconds) / 1e12
        guard microseconds > 1 else { return 0 }
        return min(bucketCount - 1, Int((4 * log2(microseconds)).rounded(.down)))
    }

    private static func upperEdge(of bucket: Int) -> Duration {
        .nanoseconds(Int64((1_000 * exp2(Double(bucket + 1) / 4)).rounded(.up)))
    }
}
