import COpenBLAS
import Foundation

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

    /// The kernel family in use, such as `Haswell` or `SkylakeX`.
    public static var kernels: String {
        openblas_get_corename().map { String(cString: $0) } ?? "unknown"
    }

    /// Has OpenBLAS choose its kernels again, by the processor's instruction sets instead of its model number.
    ///
    /// OpenBLAS 0.3.21 (Debian 12) does not know processors newer than itself and falls back to kernels as old as
    /// SSE3 on them. Where `OPENBLAS_CORETYPE` is set, it is respected. Without the means (another BLAS, or one built for a
    /// single processor) nothing changes. To be called once at start, before any other use of this module.
    ///
    /// - Returns: the kernel family in use afterwards.
    @discardableResult
    public static func selectKernels() -> String {
        guard ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil else { return kernels }
        let wanted: String
        switch fixlip_openblas_kernel_level() {
        case 2: wanted = "SkylakeX"
        case 1: wanted = "Haswell"
        default: return kernels
        }
        let newer = ["SkylakeX", "Cooperlake", "SapphireRapids"]
        guard kernels != wanted, !newer.contains(kernels), !(wanted == "Haswell" && kernels == "Zen") else { return kernels }
        // The start-up functions of OpenBLAS's DYNAMIC_ARCH builds (driver/others/dynamic.c); RTLD_DEFAULT is a null handle.
        typealias Step = @convention(c) () -> Void
        guard let quit = dlsym(nil, "gotoblas_dynamic_quit"), let start = dlsym(nil, "gotoblas_dynamic_init") else {
            return kernels
        }
        setenv("OPENBLAS_CORETYPE", wanted, 1)
        unsafeBitCast(quit, to: Step.self)()
        unsafeBitCast(start, to: Step.self)()
        unsetenv("OPENBLAS_CORETYPE")
        return kernels
    }
}
