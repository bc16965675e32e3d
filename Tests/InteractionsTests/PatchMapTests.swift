import Interactions
import LinearAlgebra
import Testing

/// Scenes whose states say what patches show in directions of their own, which only other scenes can tell.
@Suite("What games of other images teach", .timeLimit(.minutes(10)))
struct PatchMapTests {
    private static let unseen = (0..<8).map { SceneGame(seed: UInt64(700 + $0), isTurned: true) }

    /// - Parameter masks: of each image that is learnt from.
    private static func sums(images: Int, masks: Int = 200) throws -> PatchMapSums {
        var sums = PatchMapSums(dimension: SceneGame.dimension)
        for index in 0..<images {
            let game = SceneGame(seed: UInt64(500 + index), isTurned: true)
            let expansion = try SideExpansion(game.side(masks: masks), p: 0.5, order: 2, standardErrors: false)
            let isNew = sums.add(UInt64(index), game.pass(), coefficients: expansion.coefficients, weight: 1)
            #expect(isNew)
        }
        return sums
    }

    private static let learnt = Result { try sums(images: 40) }

    /// Mean R² over scenes that nothing was learnt from.
    private func score(masks: Int, _ prior: (SceneGame) throws -> SidePrior?) throws -> Double {
        try Self.unseen.reduce(0) {
            $0 + (try $1.rSquared($1.estimate(masks: masks, prior: prior($1)))) / Double(Self.unseen.count)
        }
    }

    @Test("a map that was learnt stands for masks, and more images teach more")
    func learningSavesMasks() throws {
        let map = try #require(try Self.learnt.get().map())
        #expect(map.images == 40 && map.heldOutShare > 0.2 && map.heldOutShare <= 1)
        let pass = try score(masks: 10) { try $0.prior() }
        let learnt = try score(masks: 10) { try $0.prior(map: map) }
        #expect(learnt > pass + 0.05, "\(learnt) with the map, \(pass) with the pass alone")
        let few = try #require(try Self.sums(images: 8).map())
        #expect(few.heldOutShare < map.heldOutShare)
    }

    @Test("rough games teach, too")
    func roughGamesTeach() throws {
        let map = try #require(try Self.sums(images: 40, masks: 64).map())
        #expect(map.heldOutShare > 0.15, "\(map.heldOutShare)")
    }

    @Test("a map that misleads costs next to nothing from 64 masks on", arguments: [66, 100])
    func misleadingMapsAreNotFollowed(masks: Int) throws {
        let map = try #require(try Self.learnt.get().map())
        var weights = map.weights
        for i in 0..<weights.rows {
            for k in 0..<weights.columns { weights[i, k] = map.weights[(i + 7) % weights.rows, k] }
        }
        let wrong = PatchMap(weights: weights, images: map.images, heldOutShare: map.heldOutShare)
        let alike = try score(masks: masks) { _ in nil }
        let misled = try score(masks: masks) { try $0.prior(map: wrong) }
        #expect(misled > alike - 0.01, "\(misled) misled, \(alike) without")
    }

    @Test("true values lie within the standard errors of rough estimates", arguments: [16, 32, 64])
    func errorsOfRoughEstimates(masks: Int) throws {
        let map = try #require(try Self.learnt.get().map())
        var (inside, all) = (0, 0)
        for game in Self.unseen {
            let truth = try game.estimate(masks: 3000, prior: nil).firstOrderReading
            for seed in UInt64(1)...3 {
                let values = try Interactions.estimate(
                    image: game.side(masks: masks, seed: seed, prior: game.prior(map: map)), text: game.textSide(),
                    scale: 10, settings: EstimatorSettings())
                let errors = try #require(values.standardErrors).firstOrderReading
                for i in 0..<SceneGame.players {
                    all += 1
                    if abs(values.firstOrderReading[i] - truth[i]) <= 1.96 * errors[i] { inside += 1 }
                }
            }
        }
        let share = Double(inside) / Double(all)
        // At 64 masks the intervals are wider than they need be.
        #expect(share > 0.9 && share < (masks < 64 ? 0.99 : 1), "\(share)")
    }

    @Test("few images, an image twice, and states that say nothing teach nothing")
    func whatTeachesNothing() throws {
        var sums = try Self.sums(images: 4)
        #expect(sums.map() == nil)
        let before = sums
        let game = SceneGame(seed: 500, isTurned: true)
        let expansion = try SideExpansion(game.side(masks: 80), p: 0.5, order: 2, standardErrors: false)
        let isNewAgain = sums.add(0, game.pass(), coefficients: expansion.coefficients, weight: 1)
        #expect(!isNewAgain)
        let flat = PatchPrior(states: [Float](repeating: 1, count: game.states.count), whole: game.whole)
        let saysSomething = sums.add(77, flat, coefficients: expansion.coefficients, weight: 1)
        #expect(!saysSomething)
        let other = PatchPrior(states: [1, 2, 3, 4], whole: [1, 0])
        let fits = sums.add(78, other, coefficients: expansion.coefficients, weight: 1)
        #expect(!fits)
        #expect(sums == before)

        // Each image's states are another's: nothing is foretold, and no map is made of it.
        var mixed = PatchMapSums(dimension: SceneGame.dimension)
        for index in 0..<20 {
            let game = SceneGame(seed: UInt64(500 + index), isTurned: true)
            let expansion = try SideExpansion(game.side(masks: 80), p: 0.5, order: 2, standardErrors: false)
            let states = game.pass(game.shuffled(seed: UInt64(index)))
            let isNew = mixed.add(UInt64(index), states, coefficients: expansion.coefficients, weight: 1)
            #expect(isNew)
        }
        #expect((mixed.map()?.heldOutShare ?? 0) < 0.1)
    }

    @Test("what was learnt is read again to the last bit, and nothing damaged is")
    func keptOverARestart() throws {
        let sums = try Self.sums(images: 6)
        let read = try PatchMapSums(serialized: sums.serialized(), dimension: SceneGame.dimension)
        #expect(read.images == 6 && read.contains(5) && !read.contains(6))
        #expect(try PatchMapSums(serialized: read.serialized(), dimension: SceneGame.dimension) == read)
        let map = try #require(sums.map())
        #expect(try PatchMap(serialized: map.serialized(), dimension: SceneGame.dimension) == map)

        for bytes in [sums.serialized(), map.serialized()] {
            func isRefused(_ bytes: [UInt8], dimension: Int = SceneGame.dimension) -> Bool {
                (try? PatchMapSums(serialized: bytes, dimension: dimension)) == nil
                    && (try? PatchMap(serialized: bytes, dimension: dimension)) == nil
            }
            #expect(isRefused(bytes, dimension: SceneGame.dimension + 1))
            #expect(isRefused([]) && isRefused(Array(bytes.dropLast())) && isRefused(bytes + [0]))
            for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 97)) {
                var damaged = bytes
                damaged[place] ^= 0x40
                #expect(isRefused(damaged), "byte \(place)")
            }
        }
    }
}
