import COpenBLAS

#if canImport(Glibc)
import Glibc
#endif

/// How OpenBLAS runs in this process.
public enum Runtime {
    /// The number of threads each product or solve may use, for the whole process.
    ///
    /// OpenBLAS starts with one per processor; with 1 every call stays on the calling thread.
    /// Set it once at start, before other threads call into this module.
    public static func setThreads(_ count: Int) {
        openblas_set_num_threads(Int32(max(1, count)))
    }

    /// The threads each call may use.
    public static var threads: Int { Int(openblas_get_num_threads()) }

    /// The kernel family OpenBLAS chose when it loaded, such as `Haswell` or `SkylakeX`.
    public static var kernels: String {
        openblas_get_corename().map { String(cString: $0) } ?? "unknown"
    }
}
