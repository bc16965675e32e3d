import LinearAlgebra

/// Insertion and deletion curves of an explanation (the paper's section 5): how fast the value falls as players are
/// removed in the explanation's order.
package struct InsertionDeletion: Sendable, Equatable {
    /// Normalised values at 51 evenly spaced fractions of players present, 0 to 1, with the least important removed
    /// first.
    package let leastImportantFirst: [Double]
    /// The same with the most important players removed first.
    package let mostImportantFirst: [Double]
    /// The area between the two curves, AID.
    package let area: Double

    /// The coalitions that the curves need true values of, by size 0…n: `keep` the most important players, `lose` them.
    ///
    /// Order 1 ranks players by value; order 2 takes the best and the worst subset of each size that the greedy search
    /// from every start player finds, for few players too, so that curves of different games compare.
    /// - Throws: `CancellationError`.
    package static func coalitions(
        _ values: InteractionValues, cancellation: Cancellation = .never
    ) throws -> (keep: [Coalition], lose: [Coalition]) {
        let n = values.players
        if values.order == 1 {
            let order = (0..<n).sorted {
                values.first[$0] != values.first[$1] ? values.first[$0] > values.first[$1] : $0 < $1
            }
            return (
                (0...n).map { Coalition(order.prefix($0), of: n) }, (0...n).map { Coalition(order.suffix($0), of: n) }
            )
        }
        return (
            try values.greedySubsets(.max, cancellation).map(\.members),
            try values.greedySubsets(.min, cancellation).map(\.members)
        )
    }

    /// - Parameters:
    ///   - keep: v of the first coalitions of ``coalitions(_:)``, by size.
    ///   - lose: v of the second.
    /// - Throws: ``InteractionError/invalidParameter(name:message:)`` where v(1) = v(∅) or the lengths differ.
    package init(keep: [Double], lose: [Double], emptyValue: Double, fullValue: Double) throws(InteractionError) {
        guard keep.count == lose.count, keep.count >= 2 else {
            throw .invalidParameter(name: "curves", message: "one value per size 0…n is needed for both")
        }
        let span = fullValue - emptyValue
        guard span != 0 else {
            throw .invalidParameter(
                name: "curves", message: "the full and the empty value are equal: nothing to normalise by")
        }
        func curve(_ values: [Double]) -> [Double] {
            (0...50).map { step in
                let position = Double(step) / 50 * Double(values.count - 1)
                let low = min(Int(position), values.count - 2)
                let value = values[low] + (values[low + 1] - values[low]) * (position - Double(low))
                return (value - emptyValue) / span
            }
        }
        func integral(_ curve: [Double]) -> Double {
            zip(curve, curve.dropFirst()).reduce(0) { $0 + ($1.0 + $1.1) / 2 } / Double(curve.count - 1)
        }
        leastImportantFirst = curve(keep)
        mostImportantFirst = curve(lose)
        area = integral(leastImportantFirst) - integral(mostImportantFirst)
    }
}
