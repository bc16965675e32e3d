import COpenBLAS
import Foundation

/// How OpenBLAS runs in this process.
///
/// Before its first product or solve this module has OpenBLAS choose its kernels by the processor's instruction sets,
/// and keeps every call on the thread that makes it. That sets and clears an environment variable: a program with
/// threads that read the environment reads ``kernels`` once before it starts them.
package enum Runtime {
    /// The number of threads each product or solve may use, for the whole process: 1 unless ``setThreads(_:)`` was
    /// called.
    package static var threads: Int {
        prepare()
        return Int(openblas_get_num_threads())
    }

    /// Sets ``threads``. To be called at start, while no other thread uses this module.
    package static func setThreads(_ count: Int) {
        prepare()
        openblas_set_num_threads(Int32(max(1, count)))
    }

    /// The kernel family in use, such as `Haswell` or `SkylakeX`.
    package static var kernels: String {
        prepare()
        return name
    }

    /// Runs the preparations once, before any other call.
    @inline(__always)
    static func prepare() { _ = isPrepared }

    private static let isPrepared: Bool = {
        selectKernels()
        openblas_set_num_threads(1)
        return true
    }()

    private static var name: String {
        openblas_get_corename().map { String(cString: $0) } ?? "unknown"
    }

    /// OpenBLAS 0.3.21 (Debian 12) does not know processors newer than itself and falls back to kernels as old as SSE3
    /// on them. `OPENBLAS_CORETYPE` is respected where it is set. Without the means (another BLAS, or one built for a
    /// single processor) nothing changes.
    private static func selectKernels() {
        guard ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil else { return }
        let wanted: String
        switch fixlip_openblas_kernel_level() {
        case 2: wanted = "SkylakeX"
        case 1: wanted = "Haswell"
        default: return
        }
        let asGood = wanted == "SkylakeX" ? ["SkylakeX", "Cooperlake", "SapphireRapids"] : ["Haswell", "Zen"]
        guard !asGood.contains(name) else { return }
        // The start-up functions of OpenBLAS's DYNAMIC_ARCH builds (driver/others/dynamic.c); a null handle searches
        // all libraries.
        typealias Step = @convention(c) () -> Void
        guard let quit = dlsym(nil, "gotoblas_dynamic_quit"), let start = dlsym(nil, "gotoblas_dynamic_init") else {
            return
        }
        setenv("OPENBLAS_CORETYPE", wanted, 1)
        unsafeBitCast(quit, to: Step.self)()
        unsafeBitCast(start, to: Step.self)()
        unsetenv("OPENBLAS_CORETYPE")
    }
}
