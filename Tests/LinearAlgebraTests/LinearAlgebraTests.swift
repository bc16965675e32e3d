import LinearAlgebra
import Testing

/// A matrix of reproducible numbers between −1 and 1.
private func sample(_ rows: Int, _ columns: Int, seed: Int) -> Matrix<Double> {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    return Matrix(
        rows: rows, columns: columns,
        elements: (0..<rows * columns).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(Int64(bitPattern: state) >> 11) * 0x1p-52
        })
}

private func difference(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Double {
    guard a.rows == b.rows, a.columns == b.columns else { return .infinity }
    return zip(a.elements, b.elements).map { abs($0 - $1) }.max() ?? 0
}

private func naiveProduct(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Matrix<Double> {
    var result = Matrix<Double>(rows: a.rows, columns: b.columns)
    for i in 0..<a.rows {
        for j in 0..<b.columns {
            for k in 0..<a.columns { result[i, j] += a[i, k] * b[k, j] }
        }
    }
    return result
}

private func positiveDefinite(_ size: Int, seed: Int) -> Matrix<Double> {
    var result = sample(size, 2 * size, seed: seed).outerGram
    for i in 0..<size { result[i, i] += 1 }
    return result
}

@Suite struct LinearAlgebraTests {
    @Test(
        "products equal the sums that define them",
        arguments: [(false, false), (true, false), (false, true), (true, true)])
    func products(transposeA: Bool, transposeB: Bool) {
        let a = sample(7, 5, seed: 1)
        let b = sample(5, 9, seed: 2)
        let left = transposeA ? a.transposed : a
        let right = transposeB ? b.transposed : b
        let result = left.times(right, transposeSelf: transposeA, transposeOther: transposeB)
        #expect(difference(result, naiveProduct(a, b)) < 1e-13)
    }

    @Test func gramsEqualProducts() {
        let a = sample(130, 70, seed: 3)
        var gram = Matrix<Double>(rows: 70, columns: 70)
        gram.addGram(of: a)
        gram.addGram(of: a)
        gram.mirrorUpperTriangle()
        var expected = a.transposed.times(a)
        for k in expected.elements.indices { expected.elements[k] *= 2 }
        #expect(difference(gram, expected) < 1e-11)
        #expect(difference(a.outerGram, a.times(a.transposed)) < 1e-11)
        #expect(zip(a.columnSquares, (0..<70).map { gram[$0, $0] / 2 }).allSatisfy { abs($0 - $1) < 1e-11 })
    }

    @Test("Cholesky solves, inverts and gives the inverse's diagonal", arguments: [1, 5, 33, 64, 150])
    func cholesky(size: Int) throws {
        let a = positiveDefinite(size, seed: size)
        let factor = try Cholesky(a)
        let b = sample(size, 3, seed: 4)
        #expect(difference(a.times(factor.solve(b)), b) < 1e-10)
        let inverse = factor.inverse()
        var identity = Matrix<Double>(rows: size, columns: size)
        for i in 0..<size { identity[i, i] = 1 }
        #expect(difference(a.times(inverse), identity) < 1e-10)
        #expect(zip(factor.inverseDiagonal(), (0..<size).map { inverse[$0, $0] }).allSatisfy { abs($0 - $1) < 1e-12 })
        // bᵀA⁻¹b from the whitened columns.
        let forms = b.transposed.times(inverse).times(b)
        #expect(zip(factor.whiten(b).columnSquares, (0..<3).map { forms[$0, $0] }).allSatisfy { abs($0 - $1) < 1e-10 })
        #expect(factor.pivotRatio > 0)
    }

    @Test func singlePrecisionSolves() throws {
        let a = positiveDefinite(40, seed: 8)
        let b = sample(40, 2, seed: 9)
        let solved = try Cholesky(Matrix<Float>(a)).solve(Matrix<Float>(b))
        #expect(difference(Matrix<Double>(solved), try Cholesky(a).solve(b)) < 1e-5)
    }

    @Test func choleskyNamesTheRowWhereAMatrixIsNotPositiveDefinite() {
        let a = Matrix<Double>(rows: 3, columns: 3, elements: [1, 0, 0, 0, 1, 2, 0, 2, 1])
        #expect(throws: LinearAlgebraError.notPositiveDefinite(row: 2)) { try Cholesky(a) }
    }

    @Test func eigenvectorsRebuildTheMatrix() throws {
        let a = positiveDefinite(25, seed: 10)
        let eigen = try SymmetricEigen(a)
        var scaled = eigen.vectors
        for k in 0..<25 {
            for j in 0..<25 { scaled[k, j] *= eigen.values[k] }
        }
        #expect(difference(eigen.vectors.transposed.times(scaled), a) < 1e-10)
        #expect(eigen.values == eigen.values.sorted())
    }

    @Test func minimumNormSolutionIsTheShortestOfAll() throws {
        // x + y = 2 has the shortest solution (1, 1).
        let a = Matrix<Double>(rows: 2, columns: 2, elements: [1, 1, 1, 1])
        let (solution, rank) = try minimumNormSolve(a, Matrix(rows: 2, columns: 1, elements: [2, 2]))
        #expect(rank == 1)
        #expect(abs(solution[0, 0] - 1) < 1e-12 && abs(solution[1, 0] - 1) < 1e-12)
    }

    @Test func callsStayOnTheirThreadAndKernelsDoNotChange() {
        let name = Runtime.kernels
        #expect(Runtime.threads == 1)
        let product = sample(20, 20, seed: 11).times(sample(20, 20, seed: 12))
        #expect(difference(product, naiveProduct(sample(20, 20, seed: 11), sample(20, 20, seed: 12))) < 1e-12)
        #expect(Runtime.kernels == name)
    }
}
