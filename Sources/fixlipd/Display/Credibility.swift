import FIxLIPProtocol

/// How many of an estimate's strongest values its own standard errors leave standing.
///
/// With p near 0 or 1 almost all masks are alike, so that a patch may be absent in a single mask: its value then rests
/// on one number, and its standard error is as large as the value.
struct Credibility {
    /// The strongest values of single players that are looked at.
    private static let strongest = 5
    /// A value of less than this many standard errors says nothing.
    private static let leastRatio: Float = 1.1

    private let looked: Int
    private let doubtful: Int
    private let imageMasks: Int

    /// - Parameter refined: with standard errors, as arrays of numbers; without, nothing is doubted.
    init(_ refined: ExplanationRefine.Result) {
        imageMasks = refined.imageMasks
        guard case .values(let values) = refined.values.firstOrderReading,
            case .values(let errors)? = refined.values.standardErrors?.firstOrderReading
        else {
            (looked, doubtful) = (0, 0)
            return
        }
        let strongest = zip(values, errors).sorted { abs($0.0) > abs($1.0) }.prefix(Self.strongest)
        looked = strongest.count
        doubtful = strongest.count { value, error in error > 0 && abs(value) < Self.leastRatio * error }
    }

    /// What to tell about an estimate with the Banzhaf parameter `p`; nil where it can be trusted, or `p` is not to
    /// blame.
    func warning(p: Double?) -> String? {
        guard let p, p < 0.1 || p > 0.9, doubtful > 0 else { return nil }
        return
            "fixlipd: with --p \(p) and \(imageMasks) image masks, \(doubtful) of the \(looked) strongest values are no larger "
            + "than their own standard error: encode more masks (--budget) or take a --p nearer to 0.5"
    }
}
