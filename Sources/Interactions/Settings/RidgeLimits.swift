/// The limits within which `ridge` solves for all pairs of a side.
package struct RidgeLimits: Sendable, Equatable {
    /// The largest system that is factored in double precision: as large as the masks or the features, whichever are
    /// fewer.
    package var direct: Int
    /// Larger ones are solved iteratively (see ``LargeKernel``) for up to this many masks; beyond, pairs within the
    /// side are left out (``InteractionValues/scope``).
    package var iterative: Int
    /// Steps that an iterative solve may take; where they do not suffice, the result says so
    /// (``InteractionValues/isConverged``).
    package var steps: Int

    package init(direct: Int = 4096, iterative: Int = 12_288, steps: Int = 60) {
        self.direct = direct
        self.iterative = iterative
        self.steps = steps
    }

    /// The order that a sample of `masks` masks allows on a side.
    func affordableOrder(_ order: Int, players: Int, masks: Int) -> Int {
        let features = 1 + players + PairIndex(players: players).count
        return order == 2 && masks > iterative && features > direct ? 1 : order
    }

    /// Whether masks are to be solved for, not features.
    func prefersDual(masks: Int, features: Int) -> Bool {
        masks <= features || (features > direct && masks <= iterative)
    }
}
