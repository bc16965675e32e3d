import LinearAlgebra

/// The cross product of image and text masks: every image mask meets every text mask.
struct CrossedProblem: RegressionProblem {
    let game: BilinearGame
    let settings: EstimatorSettings
    let image: SideSample
    let text: SideSample
    let weights: PairWeights
    let index: RegressionUnknowns
    private var imageFeatures: Features
    private var textFeatures: Features

    init(_ game: BilinearGame, settings: EstimatorSettings, image: SideSample, text: SideSample)
        throws(InteractionError)
    {
        self.game = game
        self.settings = settings
        self.image = image
        self.text = text
        weights = settings.index == .banzhaf ? PairWeights(banzhaf: image, text) : PairWeights(shapley: image, text)
        guard weights.total > 0 else { throw .tooFewMasks("no pair of masks carries weight; ask for more masks") }
        let scope = RegressionUnknowns.scope(
            imagePlayers: image.players, textPlayers: text.players, order: settings.order, maximum: settings.maxUnknowns
        )
        index = RegressionUnknowns(
            imagePlayers: image.players, textPlayers: text.players, order: settings.order, scope: scope)
        imageFeatures = Features(players: image.players, order: index.sideOrder, probability: image.probability)
        textFeatures = Features(players: text.players, order: index.sideOrder, probability: text.probability)
    }

    private var offset: Double { game.bias - game.emptyValue }

    var cancellation: Cancellation { game.cancellation }

    var inPresenceBasis: CrossedProblem {
        var result = self
        result.imageFeatures = imageFeatures.ofPresence
        result.textFeatures = textFeatures.ofPresence
        return result
    }

    /// The unknowns of one side alone have a principal block of M for themselves, of which the rank is at most the
    /// number of that side's masks, and of the constraints where there are any.
    var isUnderdetermined: Bool {
        let constraints = settings.index == .shapley ? 2 : 0
        func isShort(_ sample: SideSample, _ features: Features, _ weights: [[Double]]) -> Bool {
            let weighted = sample.coalitions.indices.count { mask in weights.contains { $0[mask] > 0 } }
            return weighted + constraints < features.count
        }
        return isShort(image, imageFeatures, weights.image) || isShort(text, textFeatures, weights.text)
    }

    var isExact: Bool { image.isExact && text.isExact }

    var foldCount: Int {
        guard !isExact else { return 0 }
        return affordableFolds(
            masks: min(image.isExact ? Int.max : image.coalitions.count, text.isExact ? Int.max : text.coalitions.count)
        )
    }

    private func rows(_ sample: SideSample, fold: Int, of folds: Int) -> [Int] {
        sample.isExact ? [] : Array(stride(from: fold, to: sample.coalitions.count, by: folds))
    }

    /// A fold's removal takes the pairs that hold an image or a text mask of it.
    func systems(folds: Int) throws -> (whole: NormalEquations, deletions: [NormalEquations]) {
        var whole = try NormalEquations(index: index, cancellation)
        var deletions = try (0..<folds).map { _ in try NormalEquations(index: index, cancellation) }
        let allImages = Array(image.coalitions.indices)
        let allTexts = Array(text.coalitions.indices)
        for group in weights.image.indices {
            let ofImage = weights.image[group]
            let ofText = weights.text[group]
            let textMoments = try SideMoments(
                text, features: textFeatures, rows: allTexts, weights: ofText, cancellation)
            if folds == 0 || !text.isExact {
                let imageMoments = try SideMoments(
                    image, features: imageFeatures, rows: allImages, weights: ofImage, cancellation)
                try whole.add(image: imageMoments, text: textMoments, scale: game.scale, offset: offset, cancellation)
            }
            for fold in 0..<folds {
                let ownImages = rows(image, fold: fold, of: folds)
                if !image.isExact {
                    let part = try SideMoments(
                        image, features: imageFeatures, rows: ownImages, weights: ofImage, cancellation)
                    try deletions[fold].add(
                        image: part, text: textMoments, scale: game.scale, offset: offset, cancellation)
                }
                if !text.isExact {
                    // The rest of the images with this fold's texts.
                    let dropped = Set(ownImages)
                    let kept = try SideMoments(
                        image, features: imageFeatures, rows: allImages.filter { !dropped.contains($0) },
                        weights: ofImage, cancellation)
                    let part = try SideMoments(
                        text, features: textFeatures, rows: rows(text, fold: fold, of: folds), weights: ofText,
                        cancellation)
                    try deletions[fold].add(image: kept, text: part, scale: game.scale, offset: offset, cancellation)
                }
            }
        }
        if folds > 0, text.isExact {
            // Every pair belongs to the fold of its image mask.
            for part in deletions {
                try cancellation.check()
                whole.add(part)
            }
        }
        if settings.index == .shapley {
            for (present, value) in [(false, 0.0), (true, game.fullValue - game.emptyValue)] {
                whole.constraints.append((features(present: present), value))
            }
        }
        return (whole, deletions)
    }

    private func features(present: Bool) -> [Double] {
        index.unknowns.map {
            imageFeatures.uniformValue($0.image, present: present)
                * textFeatures.uniformValue($0.text, present: present)
        }
    }

    /// λ/(m τ²) of each sampled side.
    func penalties() throws -> [Double]? {
        guard settings.estimator == .ridge, !isExact else { return nil }
        let total = weights.total
        let ofImage = try sidePenalties(image, features: imageFeatures)
        let ofText = try sidePenalties(text, features: textFeatures)
        return index.unknowns.map { total * (ofImage[$0.image] + ofText[$0.text]) }
    }

    private func sidePenalties(_ sample: SideSample, features: Features) throws -> [Double] {
        var result = [Double](repeating: 0, count: features.count)
        guard !sample.isExact else { return result }
        let shrinkage = try ShrinkageSearch(sample, order: features.order, cancellation).best()
        for (k, variance) in features.priorVariances(shrinkage).enumerated() {
            result[1 + k] = shrinkage.penalty / (sample.draws * max(variance, 1e-12))
        }
        return result
    }

    func addTestPairs(fold: Int, of folds: Int, solution: [Double], to moments: inout WeightedMoments) throws {
        let images = image.isExact ? Array(image.coalitions.indices) : rows(image, fold: fold, of: folds)
        let texts = text.isExact ? Array(text.coalitions.indices) : rows(text, fold: fold, of: folds)
        try add(images: images, texts: texts, solution: solution, to: &moments)
    }

    func rSquared(_ solution: [Double]) throws -> Double? {
        var moments = WeightedMoments()
        try add(
            images: Array(image.coalitions.indices), texts: Array(text.coalitions.indices), solution: solution,
            to: &moments)
        return moments.rSquared
    }

    private func add(images: [Int], texts: [Int], solution: [Double], to moments: inout WeightedMoments) throws {
        // v̂(x, t) = φ(x)ᵀ Θ φ(t) with Θ[S, T] the solution.
        var coefficients = Matrix<Double>(rows: imageFeatures.count, columns: textFeatures.count)
        for (value, unknown) in zip(solution, index.unknowns) { coefficients[unknown.image, unknown.text] = value }
        let textDesign = textFeatures.design(
            textFeatures.variables(texts.map { text.coalitions[$0] }), rows: texts.indices
        ) { _ in 1 }
        let byText = coefficients.times(textDesign, transposeOther: true)
        let dimension = text.embeddings.columns
        let h = Matrix(rows: texts.count, columns: dimension, elements: texts.flatMap { text.embeddings.row($0) })
        let variables = imageFeatures.variables(images.map { image.coalitions[$0] })
        for block in rowBlocks(images.count) {
            try cancellation.check()
            let predicted = imageFeatures.design(variables, rows: block) { _ in 1 }.times(byText)
            let f = Matrix(
                rows: block.count, columns: dimension, elements: block.flatMap { image.embeddings.row(images[$0]) })
            let products = f.times(h, transposeOther: true)
            for (row, m) in block.enumerated() {
                for l in texts.indices {
                    var weight = 0.0
                    for g in weights.image.indices { weight += weights.image[g][images[m]] * weights.text[g][texts[l]] }
                    guard weight > 0 else { continue }
                    moments.add(
                        truth: game.scale * products[row, l] + offset, predicted: predicted[row, l], weight: weight)
                }
            }
        }
    }
}

extension Features {
    /// A feature's value on the empty or the full coalition.
    func uniformValue(_ feature: Int, present: Bool) -> Double {
        let level = present ? levels.present : levels.absent
        return feature == 0 ? 1 : feature <= players ? level : level * level
    }
}
