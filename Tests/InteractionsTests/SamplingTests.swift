import Interactions
import Testing

@Suite(.timeLimit(.minutes(10)))
struct SamplingTests {
    @Test func aMaskDependsOnItsKeyAlone() throws {
        let sequence = try MaskSequence(players: 49, probability: 0.5, seed: 7, modality: .image)
        let first = (0..<40).map { sequence[$0] }
        #expect((0..<40).reversed().map { sequence[$0] } == first.reversed())
        #expect(
            first == (0..<40).map { try! MaskSequence(players: 49, probability: 0.5, seed: 7, modality: .image)[$0] })
        for other in [
            try MaskSequence(players: 49, probability: 0.5, seed: 8, modality: .image),
            try MaskSequence(players: 49, probability: 0.5, seed: 7, modality: .text),
            try MaskSequence(players: 49, probability: 0.5, seed: 7, modality: .image, node: 1),
        ] {
            #expect((0..<40).allSatisfy { other[$0] != first[$0] })
        }
    }

    @Test("players are present with probability p, independently", arguments: [0.1, 0.3, 0.5, 0.7])
    func presence(p: Double) throws {
        let sequence = try MaskSequence(players: 30, probability: p, seed: 1, modality: .text)
        let count = 20_000
        var present = [Double](repeating: 0, count: 30)
        var both = 0.0
        for index in 0..<count {
            let mask = sequence[index]
            for player in mask.members { present[player] += 1 }
            if mask.contains(3) && mask.contains(17) { both += 1 }
        }
        // Five standard deviations.
        let tolerance = 5 * (p * (1 - p) / Double(count)).squareRoot()
        #expect(present.allSatisfy { abs($0 / Double(count) - p) < tolerance })
        #expect(abs(both / Double(count) - p * p) < 5 * (p * p / Double(count)).squareRoot())
    }

    @Test func aPlanOfMoreMasksExtendsAPlanOfFewer() throws {
        for nodes in [[SamplingNode(probability: 0.4, weight: 1)], SamplingNode.shapley(count: 3)] {
            let plan = try SamplingPlan(players: 20, modality: .image, nodes: nodes, seed: 3)
            var samples = GameSamples(players: 20, dimension: 1)
            let all = plan.missing(upTo: 200, in: samples)
            #expect(all[0].isFull && all[1].isEmpty)
            var inSteps: [Coalition] = []
            for masks in [2, 3, 10, 11, 64, 65, 199, 200] {
                let missing = plan.missing(upTo: masks, in: samples)
                inSteps += missing
                try samples.append(missing, embeddings: [Float](repeating: 0, count: missing.count))
            }
            #expect(inSteps == all)
            #expect(plan.missing(upTo: 200, in: samples).isEmpty)
            #expect(Set(all).isSuperset(of: plan.draws(upTo: 200).coalitions))
        }
    }

    @Test func theEndsComeFirstButWeighNothingUnlessDrawn() throws {
        let plan = try SamplingPlan(banzhaf: 0.5, players: 30, modality: .image)
        let drawn = plan.draws(upTo: 100)
        #expect(drawn.counts.reduce(0, +) == 98)
        #expect(!drawn.coalitions.contains { $0.isEmpty || $0.isFull })
    }

    @Test func repeatedMasksCountButAreEncodedOnce() throws {
        let plan = try SamplingPlan(banzhaf: 0.5, players: 4, modality: .text)
        let drawn = plan.draws(upTo: 15)
        #expect(Set(drawn.coalitions).count == drawn.coalitions.count)
        #expect(drawn.coalitions.count < 13)
        #expect(drawn.counts.reduce(0, +) == 13)
        let missing = plan.missing(upTo: 15, in: GameSamples(players: 4, dimension: 1))
        #expect(Set(missing).count == missing.count)
    }

    @Test("all coalitions with exact weights once that many are asked for", arguments: [0.3, 0.5])
    func enumeration(p: Double) throws {
        let plan = try SamplingPlan(banzhaf: p, players: 5, modality: .text)
        #expect(!plan.isEnumerated(at: 31) && plan.isEnumerated(at: 32))
        #expect(plan.effectiveCount(1000) == 32)
        let weighted = plan.weighted(upTo: 32)
        #expect(Set(weighted.coalitions).count == 32)
        #expect(abs(weighted.weights.reduce(0, +) - 1) < 1e-12)
        for (coalition, weight) in zip(weighted.coalitions, weighted.weights) {
            let exact = (0..<5).reduce(1.0) { $0 * (coalition.contains($1) ? p : 1 - p) }
            #expect(abs(weight - exact) < 1e-15)
        }
    }

    @Test func pairedMasksAreComplements() throws {
        let plan = try SamplingPlan(banzhaf: 0.5, players: 12, modality: .image, paired: true)
        let drawn = Set(plan.draws(upTo: 202).coalitions)
        #expect(drawn.allSatisfy { drawn.contains($0.complement) })
        #expect(throws: InteractionError.self) {
            try SamplingPlan(banzhaf: 0.3, players: 12, modality: .image, paired: true)
        }
    }

    @Test("p outside (0, 1) is refused", arguments: [0.0, 1.0, -1, .nan])
    func badProbability(p: Double) {
        #expect(throws: InteractionError.self) { try SamplingPlan(banzhaf: p, players: 3, modality: .image) }
    }

    @Test("Gauss–Legendre nodes mix to the Shapley kernel", arguments: [9, 12, 17])
    func shapleyKernel(players: Int) {
        // 1/C(n−2, s−1) = (n−1) ∫ p^(s−1) (1−p)^(n−s−1) dp, a polynomial of degree n − 2.
        let nodes = SamplingNode.shapley(count: players / 2)
        for size in 1..<players {
            var sum = 0.0
            for node in nodes {
                var value = node.weight
                for _ in 0..<size { value *= node.probability }
                for _ in size..<players { value *= 1 - node.probability }
                sum += value
            }
            var choose = 1.0
            for k in 0..<size - 1 { choose *= Double(players - 2 - k) / Double(k + 1) }
            #expect(abs(sum * Double(players - 1) * choose - 1) < 1e-12)
        }
    }
}

@Suite(.timeLimit(.minutes(10)))
struct GameSamplesTests {
    static func filled() throws -> GameSamples {
        var samples = GameSamples(players: 70, dimension: 3)
        try samples.append(
            [Coalition([0, 69], of: 70), Coalition(empty: 70), Coalition([0, 69], of: 70)],
            embeddings: [1, 2, 3, 4, 5, 6, 7, 8, 9])
        return samples
    }

    @Test func aCoalitionIsKeptOnce() throws {
        let samples = try Self.filled()
        #expect(samples.count == 2)
        #expect(samples.row(of: Coalition([69, 0], of: 70)) == 0)
        #expect(samples.row(of: Coalition(full: 70)) == nil)
        #expect(Array(samples.embedding(row: 1)) == [4, 5, 6])
    }

    @Test func wrongEmbeddingsAreRefused() throws {
        var samples = try Self.filled()
        #expect(throws: InteractionError.self) { try samples.append([Coalition(full: 70)], embeddings: [1, 2]) }
        #expect(throws: InteractionError.self) { try samples.append([Coalition(full: 69)], embeddings: [1, 2, 3]) }
        #expect(throws: InteractionError.self) { try samples.append([Coalition(full: 70)], embeddings: [1, .nan, 3]) }
        #expect(samples.count == 2)
    }

    @Test func storedGamesComeBack() throws {
        let samples = try Self.filled()
        let read = try GameSamples(serialized: samples.serialized())
        #expect(read.coalitions == samples.coalitions && read.embeddings == samples.embeddings)
        #expect(read.players == 70 && read.dimension == 3 && read.row(of: Coalition(empty: 70)) == 1)
    }

    @Test func damagedGamesAreRefusedWhateverIsWrong() throws {
        let bytes = try Self.filled().serialized()
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            #expect(throws: InteractionError.self) { try GameSamples(serialized: damaged) }
        }
        for length in 0..<bytes.count {
            #expect(throws: InteractionError.self) { try GameSamples(serialized: Array(bytes[..<length])) }
        }
    }
}
