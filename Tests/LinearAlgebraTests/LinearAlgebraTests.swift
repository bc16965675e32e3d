import LinearAlgebra
import Synchronization
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

private func positiveDefinite(_ size: Int, seed: Int) throws -> Matrix<Double> {
    var result = try sample(size, 2 * size, seed: seed).outerGram()
    for i in 0..<size { result[i, i] += 1 }
    return result
}

@Suite(.timeLimit(.minutes(10)))
struct LinearAlgebraTests {
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

    @Test func gramsEqualProducts() throws {
        let a = sample(130, 70, seed: 3)
        var gram = Matrix<Double>(rows: 70, columns: 70)
        try gram.addGram(of: a)
        try gram.addGram(of: a)
        gram.mirrorUpperTriangle()
        var expected = a.transposed.times(a)
        for k in expected.elements.indices { expected.elements[k] *= 2 }
        #expect(difference(gram, expected) < 1e-11)
        #expect(difference(try a.outerGram(), a.times(a.transposed)) < 1e-11)
        #expect(zip(a.columnSquares, (0..<70).map { gram[$0, $0] / 2 }).allSatisfy { abs($0 - $1) < 1e-11 })
    }

    @Test("Cholesky solves, inverts and gives the inverse's diagonal", arguments: [1, 5, 33, 64, 150])
    func cholesky(size: Int) throws {
        let a = try positiveDefinite(size, seed: size)
        let factor = try Cholesky(a)
        let b = sample(size, 3, seed: 4)
        #expect(difference(a.times(try factor.solve(b)), b) < 1e-10)
        let inverse = try factor.inverse()
        var identity = Matrix<Double>(rows: size, columns: size)
        for i in 0..<size { identity[i, i] = 1 }
        #expect(difference(a.times(inverse), identity) < 1e-10)
        #expect(
            zip(try factor.inverseDiagonal(), (0..<size).map { inverse[$0, $0] }).allSatisfy { abs($0 - $1) < 1e-12 })
        // bᵀA⁻¹b from the whitened columns.
        let forms = b.transposed.times(inverse).times(b)
        #expect(
            zip(try factor.whiten(b).columnSquares, (0..<3).map { forms[$0, $0] }).allSatisfy { abs($0 - $1) < 1e-10 })
        #expect(factor.pivotRatio > 0)
    }

    @Test func singlePrecisionSolves() throws {
        let a = try positiveDefinite(40, seed: 8)
        let b = sample(40, 2, seed: 9)
        let solved = try Cholesky(Matrix<Float>(a)).solve(Matrix<Float>(b))
        #expect(difference(Matrix<Double>(solved), try Cholesky(a).solve(b)) < 1e-5)
    }

    @Test func choleskyNamesTheRowWhereAMatrixIsNotPositiveDefinite() {
        let a = Matrix<Double>(rows: 3, columns: 3, elements: [1, 0, 0, 0, 1, 2, 0, 2, 1])
        #expect(throws: LinearAlgebraError.notPositiveDefinite(row: 2)) { try Cholesky(a) }
    }

    @Test func minimumNormSolutionIsTheShortestOfAll() throws {
        // x + y = 2 has the shortest solution (1, 1).
        let a = Matrix<Double>(rows: 2, columns: 2, elements: [1, 1, 1, 1])
        let (solution, rank) = try minimumNormSolve(a, Matrix(rows: 2, columns: 1, elements: [2, 2]))
        #expect(rank == 1)
        #expect(abs(solution[0, 0] - 1) < 1e-12 && abs(solution[1, 0] - 1) < 1e-12)
    }

    @Test(
        "a least-norm solution solves the system and has no part that the matrix takes to zero",
        arguments: [(40, 3), (130, 64), (130, 65), (200, 199), (150, 150), (300, 120)])
    func leastNorm(setup: (size: Int, rank: Int)) throws {
        // Rows that differ in size, as those of weighted masks do.
        var factors = sample(setup.size, setup.rank, seed: setup.size)
        for i in 0..<setup.size {
            for k in 0..<setup.rank { factors[i, k] *= i % 3 == 0 ? 0.03 : 1 }
        }
        let a = factors.times(factors, transposeOther: true)
        let wanted = a.times(sample(setup.size, 2, seed: 5))
        let (solution, rank) = try minimumNormSolve(a, wanted)
        #expect(rank == setup.rank)
        #expect(difference(a.times(solution), wanted) < 1e-9)
        // In A's range: the combination of the factors nearest to it is the solution itself.
        let gram = factors.times(factors, transposeSelf: true)
        let nearest = factors.times(try Cholesky(gram).solve(factors.times(solution, transposeSelf: true)))
        #expect(difference(nearest, solution) < 1e-7)
    }

    @Test func whatIsOutOfRangeIsSolvedAsNearlyAsItCanBe() throws {
        let factors = sample(60, 20, seed: 6)
        let a = factors.times(factors, transposeOther: true)
        let right = sample(60, 1, seed: 7)
        let (solution, _) = try minimumNormSolve(a, right)
        // What is left is orthogonal to A's range.
        var left = a.times(solution)
        for k in left.elements.indices { left.elements[k] -= right.elements[k] }
        #expect(factors.times(left, transposeSelf: true).elements.allSatisfy { abs($0) < 1e-8 })
    }

    @Test func aZeroMatrixHasTheZeroSolution() throws {
        let (solution, rank) = try minimumNormSolve(Matrix(rows: 4, columns: 4), sample(4, 2, seed: 1))
        #expect(rank == 0 && solution == Matrix(rows: 4, columns: 2))
    }

    @Test func callsStayOnTheirThreadAndKernelsDoNotChange() {
        let name = Runtime.kernels
        #expect(Runtime.threads == 1)
        let product = sample(20, 20, seed: 11).times(sample(20, 20, seed: 12))
        #expect(difference(product, naiveProduct(sample(20, 20, seed: 11), sample(20, 20, seed: 12))) < 1e-12)
        #expect(Runtime.kernels == name)
    }
}

/// Computations too large for one piece.
@Suite(.timeLimit(.minutes(10))) struct LargeComputationTests {
    @Test("a factor made in panels, and what is solved with it in strips, is that of LAPACK")
    func panels() throws {
        let size = 1100
        let a = try positiveDefinite(size, seed: 20)
        let factor = try Cholesky(a)
        let b = sample(size, 700, seed: 21)
        #expect(difference(a.times(try factor.solve(b)), b) < 1e-9)
        // The leading block is small enough for LAPACK's own routine.
        var leading = Matrix<Double>(rows: 1000, columns: 1000)
        for i in 0..<1000 {
            for j in 0..<1000 { leading[i, j] = a[i, j] }
        }
        let whole = try Cholesky(leading)
        let ones = Matrix(rows: 1000, columns: 1, elements: [Double](repeating: 1, count: 1000))
        let padded = Matrix(rows: size, columns: 1, elements: ones.elements + [Double](repeating: 0, count: 100))
        let (short, long) = (try whole.whiten(ones).elements, try factor.whiten(padded).elements)
        #expect(zip(short, long).allSatisfy { abs($0 - $1) < 1e-12 })
        var identity = Matrix<Double>(rows: size, columns: size)
        for i in 0..<size { identity[i, i] = 1 }
        #expect(difference(a.times(try factor.inverse()), identity) < 1e-9)
    }

    @Test func aRowThatIsNotPositiveDefiniteIsNamedAcrossPanels() throws {
        var a = try positiveDefinite(1100, seed: 22)
        a[700, 700] = -1
        #expect(throws: LinearAlgebraError.notPositiveDefinite(row: 700)) { try Cholesky(a) }
    }

    @Test("products in strips are those in one piece")
    func strips() throws {
        let a = sample(1300, 600, seed: 23)
        var strips = Matrix<Double>(rows: 600, columns: 600)
        try strips.addGram(of: a)
        strips.mirrorUpperTriangle()
        #expect(difference(strips, a.times(a, transposeSelf: true)) < 1e-10)
        let b = sample(600, 900, seed: 24)
        #expect(difference(try a.times(b, .never), a.times(b)) < 1e-12)
        #expect(difference(try a.outerGram(), a.times(a, transposeOther: true)) < 1e-10)
    }

    /// Counts how often it was asked, and says yes from the n-th time on.
    private final class Asked: Sendable {
        private let count = Mutex(0)
        private let limit: Int
        init(yesFrom limit: Int) { self.limit = limit }
        var times: Int { count.withLock { $0 } }
        var cancellation: Cancellation {
            Cancellation { [self] in
                count.withLock {
                    $0 += 1
                    return $0 >= limit
                }
            }
        }
    }

    @Test("whatever takes long asks often and ends when told to")
    func asks() throws {
        let size = 1500
        let a = try positiveDefinite(size, seed: 25)
        let b = sample(size, 600, seed: 26)
        let factor = try Cholesky(a)
        #expect(throws: CancellationError.self) { _ = try a.outerGram(Asked(yesFrom: 2).cancellation) }
        #expect(throws: CancellationError.self) { _ = try a.times(a, Asked(yesFrom: 5).cancellation) }
        #expect(throws: CancellationError.self) { _ = try Cholesky(a, cancellation: Asked(yesFrom: 4).cancellation) }
        #expect(throws: CancellationError.self) {
            _ = try minimumNormSolve(a, b, cancellation: Asked(yesFrom: 20).cancellation)
        }
        let asked = Asked(yesFrom: .max)
        let observed = try Cholesky(a, cancellation: asked.cancellation)
        var before = asked.times
        #expect(before >= 5)
        for work in [{ _ = try observed.solve(b) }, { _ = try observed.inverse() }] {
            try work()
            #expect(asked.times > before + 2)
            before = asked.times
        }
        let isSame = try observed.solve(b) == factor.solve(b)
        #expect(isSame)
    }
}
