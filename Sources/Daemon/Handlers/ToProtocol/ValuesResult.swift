import FIxLIPProtocol
import Foundation
import Interactions

extension Values {
    /// The part of an estimate that a selection asks for.
    init(_ estimate: InteractionValues, _ selection: Selection, errorsWanted: Bool) {
        let layout = PairLayout(estimate, selection.pairs ?? EstimateLayout.defaultPairs)
        let encoding = selection.encoding ?? EstimateLayout.defaultEncoding
        var errors: StandardErrors?
        if errorsWanted, let known = estimate.standardErrors {
            errors = StandardErrors(
                first: .init(known.first, encoding), firstOrderReading: .init(known.firstOrderReading, encoding),
                pairs: layout.pairs(known.pairs, encoding))
        }
        self.init(
            index: estimate.index.abbreviation, p: estimate.index == .banzhaf ? estimate.p : nil,
            order: estimate.order, estimator: EstimatorChoice(estimate.estimator), baseline: estimate.baseline,
            first: .init(estimate.first, encoding), firstOrderReading: .init(estimate.firstOrderReading, encoding),
            pairs: layout.pairs(estimate.pairs, encoding), standardErrors: errors, looR2: estimate.looR2,
            rankDeficient: estimate.rankDeficient,
            restriction: estimate.order == 2 && estimate.scope == .crossModal ? "crossModal" : nil,
            unconverged: estimate.isConverged ? nil : true)
    }
}

extension EncodedFloats {
    init(_ values: [Double], _ encoding: FloatEncoding) {
        self.init(values.map(Float.init), encoding)
    }

    init(_ values: [Float], _ encoding: FloatEncoding) {
        switch encoding {
        case .base64 where values.allSatisfy(\.isFinite):
            var bytes = Data(capacity: values.count * 4)
            for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
            self = .base64(bytes.base64EncodedString())
        // What is not finite must not leave in either encoding: the writer of JSON refuses it and names its place.
        case .float, .base64: self = .values(values)
        }
    }
}

/// Which pairs go into a reply, in which layout. The same choice serves values and their standard errors.
private struct PairLayout {
    let selection: PairSelection
    let index: PairIndex
    let imagePlayers: Int
    let textPlayers: Int
    /// The strongest pairs, largest first.
    let strongest: [RankedPair]

    init(_ estimate: InteractionValues, _ selection: PairSelection) {
        self.selection = selection
        index = PairIndex(players: estimate.players)
        imagePlayers = estimate.imagePlayers
        textPlayers = estimate.textPlayers
        if case .top(let count) = selection {
            strongest = estimate.topPairs(count)
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
            let items = strongest.map { Pairs.Item(i: $0.i, j: $0.j, value: values[index.position($0.i, $0.j)]) }
            return Pairs(format: .list, items: items)
        }
    }
}

extension EstimatorChoice {
    init(_ estimator: Estimator) {
        switch estimator {
        case .ridge: self = .ridge
        case .leastSquares: self = .leastSquares
        }
    }
}
