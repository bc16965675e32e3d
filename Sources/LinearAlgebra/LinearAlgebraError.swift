/// Why a linear-algebra operation could not be done.
public enum LinearAlgebraError: Error, Equatable, CustomStringConvertible {
    /// The matrix is not positive definite: elimination broke down at this row (zero-based).
    case notPositiveDefinite(row: Int)
    /// A LAPACK routine reported that it did not converge or was called wrongly.
    case lapack(routine: String, info: Int)

    public var description: String {
        switch self {
        case .notPositiveDefinite(let row):
            "the matrix is not positive definite (row \(row)); use a minimum-norm solve or add a penalty"
        case .lapack(let routine, let info):
            "LAPACK \(routine) failed with info = \(info)"
        }
    }
}
