/// Which interaction index an explanation reports.
package enum InteractionIndex: String, Sendable, Codable, CaseIterable {
    /// Weighted Banzhaf interactions, the paper's FWBII (shapiq calls p = 0.5 FBII).
    case banzhaf
    /// Faithful Shapley interactions, FSII.
    case shapley
}

/// How an explanation is estimated from the masks seen.
package enum Estimator: String, Sendable, Codable, CaseIterable {
    /// Weighted least squares over the cross product of image and text masks (the paper's estimator).
    case leastSquares
    /// Kernel ridge regression with order-wise shrinkage; the default.
    case ridge
}

/// What to estimate and how.
package struct EstimatorSettings: Sendable, Equatable {
    package var index: InteractionIndex
    /// Presence probability of the weighted Banzhaf index; not used by Shapley.
    package var p: Double
    /// 1 or 2.
    package var order: Int
    package var estimator: Estimator
    /// Whether standard errors are wanted; they cost about as much again as the values.
    package var standardErrors: Bool
    /// Above this many unknowns, `leastSquares` and Shapley keep cross-modal pairs and first-order values only
    /// (``InteractionValues/scope``).
    package var maxUnknowns: Int
    /// The limits within which Banzhaf's `ridge` keeps all pairs.
    package var ridgeLimits: RidgeLimits

    package init(
        index: InteractionIndex = .banzhaf, p: Double = 0.5, order: Int = 2, estimator: Estimator = .ridge,
        standardErrors: Bool = true, maxUnknowns: Int = 6000, ridgeLimits: RidgeLimits = RidgeLimits()
    ) {
        self.index = index
        self.p = p
        self.order = order
        self.estimator = estimator
        self.standardErrors = standardErrors
        self.maxUnknowns = maxUnknowns
        self.ridgeLimits = ridgeLimits
    }

    func validate() throws(InteractionError) {
        guard order == 1 || order == 2 else {
            throw .invalidParameter(name: "order", message: "must be 1 or 2, not \(order)")
        }
        guard index == .shapley || (p > 0 && p < 1) else {
            throw .invalidParameter(name: "p", message: "must lie between 0 and 1, both excluded, not \(p)")
        }
    }
}

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
