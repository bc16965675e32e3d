import FIxLIPProtocol
import Interactions
import JSON
import JSONRPC

extension Services {
    /// `explanation/subset`, `condition`, `compare`, `export`
    func registerReadingMethods(in table: inout MethodTable) {
        table.on(ExplanationCondition.self) { parameters, _ in
            let explanation = try await explanations.find(parameters.explanation)
            let estimate = try await explanation.estimate(Selection(), standardErrors: false, on: solver)
            guard (0..<estimate.players).contains(parameters.player) else {
                throw ParameterError(
                    "player", "must be from 0 to \(estimate.players - 1), image players first; it is \(parameters.player)")
            }
            let row = (0..<estimate.players).map { $0 == parameters.player ? 0 : estimate.pair(parameters.player, $0) }
            return ExplanationCondition.Result(
                player: parameters.player, first: estimate.first[parameters.player],
                image: Array(row.prefix(estimate.imagePlayers)), text: Array(row.dropFirst(estimate.imagePlayers)))
        }
    }
}
