import Encoders
import Interactions

/// What a client asked to have explained, checked and with defaults in place.
package struct ExplanationSettings: Sendable, Equatable {
    /// Whether every image mask meets every text mask, or each is drawn together with one.
    package enum Sampling: Sendable { case crossed, joint }

    /// Where the masks of the two sides begin to be drawn.
    package struct SideSeeds: Sendable, Equatable {
        package var image: UInt32
        package var text: UInt32

        package init(image: UInt32, text: UInt32) {
            self.image = image
            self.text = text
        }
    }

    let index: InteractionIndex
    let p: Double
    let order: Int
    let masking: ImageMasking
    let estimator: Estimator
    let seeds: SideSeeds
    let sampling: Sampling
    let paired: Bool

    /// - Parameters:
    ///   - p: the chance that a player is present; nil leaves it to the index.
    ///   - usualP: what it is then for the Banzhaf index.
    ///   - paired: whether each mask is followed by its complement; nil leaves it to index and sampling.
    /// - Throws: `ParameterError` that names the parameter.
    package init(
        index: InteractionIndex, p: Double?, usualP: Double, order: Int, masking: ImageMasking, estimator: Estimator,
        seeds: SideSeeds, sampling: Sampling, paired: Bool?
    ) throws(ParameterError) {
        self.index = index
        self.p = p ?? usualP
        self.order = try Self.checked(order: order)
        self.masking = masking
        self.estimator = estimator
        self.seeds = seeds
        self.sampling = sampling
        self.paired = paired ?? (sampling == .joint && index == .shapley)
        guard self.p > 0, self.p < 1 else {
            throw ParameterError("p", "must lie between 0 and 1, both excluded; it is \(self.p)")
        }
        guard index == .banzhaf || p == nil else {
            throw ParameterError("p", "belongs to the Banzhaf index; leave it out for \"shapley\"")
        }
        guard !self.paired || (index == .banzhaf ? self.p == 0.5 : sampling == .joint) else {
            throw ParameterError(
                "paired",
                "needs the Banzhaf index with p = 0.5, or Shapley with \"sampling\": \"joint\": only then is a complement as likely as its mask"
            )
        }
    }

    static func checked(order: Int) throws(ParameterError) -> Int {
        guard order == 1 || order == 2 else { throw ParameterError("order", "must be 1 or 2; it is \(order)") }
        return order
    }

    /// What to estimate: another estimator or order than the explanation was opened with rests on the same masks.
    func estimatorSettings(
        _ choice: EstimateChoice, standardErrors: Bool
    ) throws(ParameterError) -> EstimatorSettings {
        EstimatorSettings(
            index: index, p: p, order: try Self.checked(order: choice.order ?? order),
            estimator: choice.estimator ?? estimator, standardErrors: standardErrors)
    }
}

extension ExplanationSettings {
    /// Where masks are drawn: Bernoulli(p) for Banzhaf, a mixture over nodes for Shapley; drawn together, Bernoulli(p)
    /// or the Shapley kernel over all players.
    ///
    /// Each input of a kind has masks of its own, so that the errors of two images are independent; those of the first
    /// of a kind are the same whatever else is explained with it.
    /// - Parameter inputs: kind and players of each, the first side before those of the second.
    func plans(_ inputs: [(modality: Modality, players: Int)]) throws -> [SamplingPlan] {
        let players = inputs.reduce(0) { $0 + $1.players }
        do throws(InteractionError) {
            if sampling == .joint {
                let draws = try JointDraws(
                    imagePlayers: inputs[0].players, textPlayers: players - inputs[0].players,
                    distribution: index == .banzhaf ? .bernoulli(p) : .shapley,
                    seed: UInt64(seeds.image) | UInt64(seeds.text) << 32, paired: paired)
                var plans: [SamplingPlan] = []
                var next = 0
                for input in inputs {
                    plans.append(
                        SamplingPlan(joint: draws, players: next..<next + input.players, modality: input.modality))
                    next += input.players
                }
                return plans
            }
            let nodes =
                index == .banzhaf
                ? [SamplingNode(probability: p, weight: 1)]
                : SamplingNode.shapley(count: SamplingNode.shapleyCount(players: players))
            var drawn: [Modality: UInt64] = [:]
            var plans: [SamplingPlan] = []
            for input in inputs {
                let place = drawn[input.modality, default: 0]
                drawn[input.modality] = place + 1
                let seed = UInt64(input.modality == .image ? seeds.image : seeds.text) | place << 32
                plans.append(
                    try SamplingPlan(
                        players: input.players, modality: input.modality, nodes: nodes, seed: seed, paired: paired))
            }
            return plans
        } catch {
            throw ApplicationError.estimation(error)
        }
    }
}

extension InteractionIndex {
    /// The index's name in a reply.
    var abbreviation: String {
        switch self {
        case .banzhaf: "FWBII"
        case .shapley: "FSII"
        }
    }
}
