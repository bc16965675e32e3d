import LinearAlgebra

/// A linear map from what a patch says in the pass over its whole image to its coefficients B_i, learnt on other
/// images of the same model.
///
/// B_i depends on no caption, so any image whose game is known teaches it.
package struct PatchMap: Sendable, Equatable {
    /// `[dimension, dimension]`: of a patch's state less the others' (``PatchPrior/deviations``).
    package let weights: Matrix<Double>
    /// How many images it was learnt on.
    package let images: Int
    /// The share of the coefficients' squares that maps learnt on other images foretell, between 0 and 1.
    package let heldOutShare: Double

    package init(weights: Matrix<Double>, images: Int, heldOutShare: Double) {
        self.weights = weights
        self.images = images
        self.heldOutShare = heldOutShare
    }

    /// The coefficients expected of an image's patches, `[patches, dimension]`; nil where the map is of another space.
    package func expected(of prior: PatchPrior) -> Matrix<Double>? {
        guard prior.deviations.columns == weights.rows else { return nil }
        return prior.deviations.times(weights)
    }
}

/// The sums over images that a ``PatchMap`` is solved from, in folds that judge it on images it was not learnt on.
///
/// Their size does not grow with the number of images, but for eight bytes each.
package struct PatchMapSums: Sendable, Equatable {
    /// Of the images of one fold, each patch counted with its image's weight.
    struct Fold: Sendable, Equatable {
        /// Σ φφᵀ of the states, `[dimension, dimension]`.
        var gram: Matrix<Double>
        /// Σ φBᵀ, `[dimension, dimension]`.
        var cross: Matrix<Double>
        /// Σ ‖B‖².
        var square: Double

        mutating func add(_ other: Fold, times factor: Double = 1) {
            for k in gram.elements.indices { gram.elements[k] += factor * other.gram.elements[k] }
            for k in cross.elements.indices { cross.elements[k] += factor * other.cross.elements[k] }
            square += factor * other.square
        }

        /// Σ ‖B − φW‖².
        func residual(_ weights: Matrix<Double>) -> Double {
            var result = square
            for (w, c) in zip(weights.elements, cross.elements) { result -= 2 * w * c }
            for (w, g) in zip(weights.elements, gram.times(weights).elements) { result += w * g }
            return result
        }
    }

    package static let foldCount = 5
    /// Fewer images say nothing about others.
    package static let leastImages = 5
    /// More teach nothing new.
    package static let mostImages = 10_000
    /// How strongly a map is drawn to a multiple of the identity, as a share of the sums' mean diagonal. Where few
    /// images are known, that a patch counts along its own state is most of what can be learnt.
    private static let penalties = [1e-2, 1e-1, 1, 10, 100]

    private(set) var folds: [Fold]
    /// The images it has, each by a number of its own.
    private var known: Set<UInt64> = []

    package init(dimension: Int) {
        let empty = Matrix<Double>(rows: dimension, columns: dimension)
        folds = (0..<Self.foldCount).map { _ in Fold(gram: empty, cross: empty, square: 0) }
    }

    package var images: Int { known.count }
    package var dimension: Int { folds[0].cross.columns }

    package func contains(_ image: UInt64) -> Bool { known.contains(image) }

    /// Adds an image.
    /// - Parameters:
    ///   - image: a number that belongs to it, and tells its fold.
    ///   - coefficients: B_i of its patches, `[patches, dimension]`.
    ///   - weight: how certain they are, above 0; at most 1.
    /// - Returns: false where it was not added: it is known, or shows nothing.
    package mutating func add(
        _ image: UInt64, _ prior: PatchPrior, coefficients: Matrix<Double>, weight: Double
    ) -> Bool {
        let features = prior.deviations
        guard !known.contains(image), known.count < Self.mostImages, features.rows == coefficients.rows,
            features.columns == folds[0].gram.rows, coefficients.columns == dimension, weight > 0,
            coefficients.elements.allSatisfy(\.isFinite), features.elements.allSatisfy(\.isFinite)
        else { return false }
        let square = coefficients.elements.reduce(0) { $0 + $1 * $1 }
        // Every image counts alike, whatever the length of its coefficients.
        guard square > 0, features.elements.contains(where: { $0 != 0 }) else { return false }
        let factor = weight / square
        known.insert(image)
        folds[Int(image % UInt64(Self.foldCount))].add(
            Fold(
                gram: features.times(features, transposeSelf: true),
                cross: features.times(coefficients, transposeSelf: true), square: square),
            times: factor)
        return true
    }

    /// The map of all images, as strongly drawn to zero as serves images that it was not learnt on best.
    /// - Returns: nil where it would foretell nothing of those, or there are too few.
    package func map() -> PatchMap? {
        guard images >= Self.leastImages else { return nil }
        var all = folds[0]
        for fold in folds.dropFirst() { all.add(fold) }
        var best: (error: Double, penalty: Double)?
        for penalty in Self.penalties {
            var error = 0.0
            for fold in folds where fold.square > 0 {
                var others = all
                others.add(fold, times: -1)
                guard let weights = Self.solve(others, penalty: penalty) else {
                    error = .infinity
                    break
                }
                error += fold.residual(weights)
            }
            if error < best?.error ?? .infinity { best = (error, penalty) }
        }
        guard let best, best.error < all.square, let weights = Self.solve(all, penalty: best.penalty) else {
            return nil
        }
        // As they are kept, so that a map read again gives the same digits.
        return PatchMap(
            weights: Matrix<Double>(Matrix<Float>(weights)), images: images, heldOutShare: 1 - best.error / all.square)
    }

    private static func solve(_ sums: Fold, penalty: Double) -> Matrix<Double>? {
        let size = sums.gram.rows
        func trace(_ matrix: Matrix<Double>) -> Double { (0..<size).reduce(0) { $0 + matrix[$1, $1] } }
        let strength = trace(sums.gram)
        guard strength > 0 else { return nil }
        let own = trace(sums.cross) / strength
        var (system, right) = (sums.gram, sums.cross)
        for k in right.elements.indices { right.elements[k] -= own * sums.gram.elements[k] }
        for k in 0..<size { system[k, k] += penalty * strength / Double(size) }
        guard var weights = try? Cholesky(system).solve(right) else { return nil }
        for k in 0..<size { weights[k, k] += own }
        return weights
    }
}

// MARK: - Kept over a restart

extension PatchMapSums {
    /// Bytes that ``init(serialized:)`` reads.
    package func serialized() -> [UInt8] {
        var writer = StateWriter(
            mark: "FXLS", capacity: 64 + 8 * known.count + 8 * folds.count * dimension * dimension)
        for value in [1, dimension, known.count] { writer.append(UInt64(value)) }
        for image in known.sorted() { writer.append(image) }
        for fold in folds {
            writer.append(fold.square.bitPattern)
            writer.append(fold.gram.elements.lazy.map { Float($0) })
            writer.append(fold.cross.elements.lazy.map { Float($0) })
        }
        return writer.finished()
    }

    /// Reads what ``serialized()`` wrote.
    /// - Throws: ``InteractionError/corruptState(_:)``, also where it is of another dimension.
    package init(serialized bytes: [UInt8], dimension: Int) throws(InteractionError) {
        self.init(dimension: dimension)
        var reader = try StateReader(bytes, mark: "FXLS", name: "what games taught")
        let version = try reader.next(UInt64.self)
        guard version == 1 else { throw .corruptState("version \(version) is not known") }
        let sizes = (try reader.next(UInt64.self), try reader.next(UInt64.self))
        guard sizes.0 == UInt64(dimension), sizes.1 <= UInt64(Self.mostImages) else {
            throw .corruptState("it is of another model")
        }
        for _ in 0..<sizes.1 { known.insert(try reader.next(UInt64.self)) }
        for index in folds.indices {
            folds[index].square = Double(bitPattern: try reader.next(UInt64.self))
            folds[index].gram.elements = try reader.floats(dimension * dimension).map { Double($0) }
            folds[index].cross.elements = try reader.floats(dimension * dimension).map { Double($0) }
            guard folds[index].square.isFinite, folds[index].gram.elements.allSatisfy(\.isFinite),
                folds[index].cross.elements.allSatisfy(\.isFinite)
            else { throw .corruptState("it holds numbers that are not finite") }
        }
        guard UInt64(known.count) == sizes.1, reader.remaining == 0 else {
            throw .corruptState("the sizes in the header do not match what it holds")
        }
    }
}

extension PatchMap {
    /// Bytes that ``init(serialized:dimension:)`` reads.
    package func serialized() -> [UInt8] {
        var writer = StateWriter(mark: "FXLM", capacity: 64 + 4 * weights.elements.count)
        for value in [1, weights.columns, images] { writer.append(UInt64(value)) }
        writer.append(heldOutShare.bitPattern)
        writer.append(weights.elements.lazy.map { Float($0) })
        return writer.finished()
    }

    /// Reads what ``serialized()`` wrote.
    /// - Throws: ``InteractionError/corruptState(_:)``, also where it is of another dimension.
    package init(serialized bytes: [UInt8], dimension: Int) throws(InteractionError) {
        var reader = try StateReader(bytes, mark: "FXLM", name: "a learnt map")
        let version = try reader.next(UInt64.self)
        guard version == 1 else { throw .corruptState("version \(version) is not known") }
        let sizes = (try reader.next(UInt64.self), try reader.next(UInt64.self))
        guard sizes.0 == UInt64(dimension), sizes.1 <= UInt64(PatchMapSums.mostImages) else {
            throw .corruptState("it is of another model")
        }
        let share = Double(bitPattern: try reader.next(UInt64.self))
        let weights = try reader.floats(dimension * dimension).map { Double($0) }
        guard (0...1).contains(share), weights.allSatisfy(\.isFinite), reader.remaining == 0 else {
            throw .corruptState("it holds numbers that no map has")
        }
        self.init(
            weights: Matrix(rows: dimension, columns: dimension, elements: weights), images: Int(sizes.1),
            heldOutShare: share)
    }
}
