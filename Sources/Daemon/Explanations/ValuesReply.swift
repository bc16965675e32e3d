import FIxLIPProtocol
import Foundation
import Interactions

extension Values {
    /// The part of an estimate that a selection asks for.
    init(_ estimate: InteractionValues, _ selection: Selection, errorsWanted: Bool) {
        let layout = PairLayout(estimate, selection.pairs ?? .all)
        let encoding = selection.encoding ?? .float
        var errors: StandardErrors?
        if errorsWanted, let known = estimate.standardErrors {
            errors = StandardErrors(
                first: .init(known.first, encoding), firstOrderReading: .init(known.firstOrderReading, encoding),
                pairs: layout.pairs(known.pairs, encoding))
        }
        self.init(
            index: estimate.index == .banzhaf ? "FWBII" : "FSII", p: estimate.index == .banzhaf ? estimate.p : nil,
            order: estimate.order, estimator: estimate.estimator.rawValue, baseline: estimate.baseline,
            first: .init(estimate.first, encoding), firstOrderReading: .init(estimate.firstOrderReading, encoding),
            pairs: layout.pairs(estimate.pairs, encoding), standardErrors: errors, looR2: estimate.looR2,
            rankDeficient: estimate.rankDeficient,
            restriction: estimate.order == 2 && estimate.scope == .crossModal ? "crossModal" : nil)
    }
}

extension EncodedFloats {
    init(_ values: [Double], _ encoding: FloatEncoding) {
        self.init(values.map(Float.init), encoding)
    }

    init(_ values: [Float], _ encoding: FloatEncoding) {
        switch encoding {
        case .float: self = .values(values)
        case .base64:
            var bytes = Data(capacity: values.count * 4)
            for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
            self = .base64(bytes.base64EncodedString())
        }
    }
}

/// Which pairs go into a reply, in which layout. The same choice serves values and their standard errors.
private struct PairLayout {
    let selection: PairSelection
    let index: PairIndex
    let imagePlayers: Int
    let textPlayers: Int
    /// Positions in the upper triangle of the strongest pairs, strongest first.
    let strongest: [Int]

    init(_ estimate: InteractionValues, _ selection: PairSelection) {
        self.selection = selection
        index = PairIndex(players: estimate.players)
        imagePlayers = estimate.imagePlayers
        textPlayers = estimate.textPlayers
        if case .top(let count) = selection {
            strongest = estimate.strongestPairs(count)
        } else {
            strongest = []
        }
    }

    func pairs(_ values: [Double], _ encoding: FloatEncoding) -> Pairs? {
        guard !values.isEmpty else { return nil }
        switch selection {
        case .none: return nil
        case .all:
            return Pairs(format: .upper, encoding: encoding, data: .init(values, encoding))
        case .crossModal:
            let table = (0..<textPlayers).flatMap { word in
                (0..<imagePlayers).map { patch in values[index.position(patch, imagePlayers + word)] }
            }
            return Pairs(
                format: .crossModal, encoding: encoding, shape: [textPlayers, imagePlayers],
                data: .init(table, encoding))
        case .top:
            let all = index.all
            let items = strongest.map { position in
                let (i, j) = all[position]
                return Pairs.Item(i: i, j: j, value: values[position])
            }
            return Pairs(format: .list, items: items)
        }
    }
}

extension InteractionValues {
    /// Positions in the upper triangle of the `count` pairs of largest magnitude, strongest first.
    func strongestPairs(_ count: Int) -> [Int] {
        Array(pairs.indices.sorted { abs(pairs[$0]) > abs(pairs[$1]) }.prefix(max(0, count)))
    }
}
