import LinearAlgebra

/// The normal equations M a = rhs of the weighted least-squares problem over all pairs of masks, and its equality
/// constraints.
///
/// M[(S,T),(S',T')] = Σ_g G_I[S,S'] · G_T[T,T'], and the right side likewise from α⟨A_I[S], A_T[T]⟩ + (β − v₀) s_I[S]
/// s_T[T]; this equals the paper's regression on the full cross product of the same masks, without its design matrix.
struct JointSystem {
    let index: JointIndex
    var matrix: Matrix<Double>
    var right: [Double]
    /// Rows c and values d of the constraints c·a = d.
    var constraints: [(row: [Double], value: Double)] = []

    init(index: JointIndex) {
        self.index = index
        matrix = Matrix(rows: index.unknowns.count, columns: index.unknowns.count)
        right = [Double](repeating: 0, count: index.unknowns.count)
    }

    /// Adds the pairs of one group of weights (see ``PairWeights``).
    mutating func add(image: SideMoments, text: SideMoments, scale: Double, offset: Double) {
        let unknowns = index.unknowns
        let size = unknowns.count
        let imageWidth = image.gram.columns
        let textWidth = text.gram.columns
        matrix.elements.withUnsafeMutableBufferPointer { target in
            image.gram.elements.withUnsafeBufferPointer { gI in
                text.gram.elements.withUnsafeBufferPointer { gT in
                    for row in 0..<size {
                        let imageRow = unknowns[row].image * imageWidth
                        let textRow = unknowns[row].text * textWidth
                        for column in row..<size {
                            target[row * size + column] +=
                                gI[imageRow + unknowns[column].image] * gT[textRow + unknowns[column].text]
                        }
                    }
                }
            }
        }
        // ⟨A_I[S], A_T[T]⟩ is needed for |S| + |T| ≤ order only.
        let narrow = Matrix(
            rows: 1 + index.textPlayers, columns: text.embeddings.columns,
            elements: Array(text.embeddings.elements[..<((1 + index.textPlayers) * text.embeddings.columns)]))
        let products = image.embeddings.times(narrow, transposeOther: true)
        let mean = Matrix(rows: image.embeddings.columns, columns: 1, elements: Array(image.embeddings.row(0)))
        let ofMean = text.embeddings.times(mean)
        let imageSums = Array(image.sums)
        let textSums = Array(text.sums)
        for (row, unknown) in unknowns.enumerated() {
            let product =
                unknown.text <= index.textPlayers ? products[unknown.image, unknown.text] : ofMean[unknown.text, 0]
            right[row] += scale * product + offset * imageSums[unknown.image] * textSums[unknown.text]
        }
    }

    /// Adds what another system holds.
    mutating func add(_ other: JointSystem) {
        for k in matrix.elements.indices { matrix.elements[k] += other.matrix.elements[k] }
        for k in right.indices { right[k] += other.right[k] }
    }

    /// The system without what another one holds; the constraints stay.
    func subtracting(_ other: JointSystem) -> JointSystem {
        var result = self
        for k in result.matrix.elements.indices { result.matrix.elements[k] -= other.matrix.elements[k] }
        for k in result.right.indices { result.right[k] -= other.right[k] }
        return result
    }

    /// Solves under the constraints.
    ///
    /// - Parameter basis: p of the χ_i = (z_i − p)/σ that the system is written in.
    /// - Returns: the unknowns, and whether they are not determined, so that those of least norm in the 0/1 basis
    ///   were taken.
    func solved(penalties: [Double]?, basis: Double) throws(InteractionError) -> (
        solution: [Double], rankDeficient: Bool
    ) {
        let (system, right) = penalised(penalties)
        do {
            let solution: [Double]
            let rankDeficient: Bool
            if let factor = try? Cholesky(system), factor.pivotRatio > 1e-11 {
                (solution, rankDeficient) = (constrained(factor.solve(withConstraints(right))), false)
            } else if penalties == nil {
                let presence = inPresenceBasis(probability: basis)
                let (system, right) = presence.penalised(nil)
                let least = try minimumNormSolve(system, presence.withConstraints(right), tolerance: 1e-10).solution
                (solution, rankDeficient) = (biased(presence.constrained(least), probability: basis), true)
            } else {
                let least = try minimumNormSolve(system, withConstraints(right), tolerance: 1e-10).solution
                (solution, rankDeficient) = (constrained(least), true)
            }
            guard solution.allSatisfy(\.isFinite) else {
                throw InteractionError.numerical("the masks do not determine the end values")
            }
            return (solution, rankDeficient)
        } catch let error as InteractionError {
            throw error
        } catch {
            throw .numerical("\(error)")
        }
    }

    /// The right side and, beside it, the constraints' rows: columns of one solve.
    private func withConstraints(_ right: [Double]) -> Matrix<Double> {
        var columns = Matrix<Double>(rows: right.count, columns: 1 + constraints.count)
        for i in right.indices {
            columns[i, 0] = right[i]
            for (k, constraint) in constraints.enumerated() { columns[i, 1 + k] = constraint.row[i] }
        }
        return columns
    }

    /// The symmetric matrix and the right side with penalties and constraints added.
    private func penalised(_ penalties: [Double]?) -> (Matrix<Double>, [Double]) {
        var system = matrix
        var right = self.right
        let size = right.count
        if let penalties {
            for i in 0..<size { system.elements[i * size + i] += penalties[i] }
        }
        // Adding μ CᵀC and μ Cᵀd changes nothing where C a = d, and makes the matrix definite.
        var trace = 0.0
        for i in 0..<size { trace += system[i, i] }
        let mu = trace / Double(size)
        for (row, value) in constraints {
            for i in 0..<size {
                let left = mu * row[i] / Double(size)
                for j in i..<size { system.elements[i * size + j] += left * row[j] }
                right[i] += left * value
            }
        }
        system.mirrorUpperTriangle()
        return (system, right)
    }

    /// G: how the solution answers to its right side when the constraints stay satisfied, `[unknowns, unknowns]`.
    func constrainedInverse(penalties: [Double]) throws(InteractionError) -> Matrix<Double> {
        let (system, _) = penalised(penalties)
        let factor: Cholesky<Double>
        do throws(LinearAlgebraError) {
            factor = try Cholesky(system)
        } catch {
            throw .numerical(error.description)
        }
        var result = factor.inverse()
        let size = right.count
        // Projecting the constraints out one after the other.
        for (row, _) in constraints {
            let x = result.times(Matrix(rows: size, columns: 1, elements: row)).elements
            let scale = zip(row, x).reduce(0) { $0 + $1.0 * $1.1 }
            guard scale > 0 else { continue }
            for i in 0..<size {
                let left = x[i] / scale
                for j in 0..<size { result.elements[i * size + j] -= left * x[j] }
            }
        }
        return result
    }

    /// x₀ + X ν with ν such that the constraints hold; column 0 is x₀ = M⁻¹rhs, the others X = M⁻¹Cᵀ.
    private func constrained(_ columns: Matrix<Double>) -> [Double] {
        var solution = columns.column(0)
        guard constraints.count == 2 else { return solution }
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        let x = [columns.column(1), columns.column(2)]
        let (c0, c1) = (constraints[0].row, constraints[1].row)
        let (m00, m01, m10, m11) = (dot(c0, x[0]), dot(c0, x[1]), dot(c1, x[0]), dot(c1, x[1]))
        let r0 = constraints[0].value - dot(c0, solution)
        let r1 = constraints[1].value - dot(c1, solution)
        let determinant = m00 * m11 - m01 * m10
        let nu0 = (r0 * m11 - m01 * r1) / determinant
        let nu1 = (m00 * r1 - m10 * r0) / determinant
        for i in solution.indices { solution[i] += nu0 * x[0][i] + nu1 * x[1][i] }
        return solution
    }
}
