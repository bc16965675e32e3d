import Glibc

/// What a daemon cannot do without. Where it is missing, libraries below this program would end the process later, at
/// any moment and without a word; so the start fails and says why.
enum StartConditions {
    enum Failure: Error, CustomStringConvertible {
        case descriptors(limit: Int?)
        case addressSpace(mebibytes: Int)
        case noProc

        var description: String {
            switch self {
            case .descriptors(let limit):
                "\(limit.map { "\($0) file descriptors are" } ?? "the file descriptors that are left are") too few: the daemon "
                    + "opens up to \(StartConditions.descriptors) before its first client comes; allow more "
                    + "(ulimit -n 256, LimitNOFILE=256)"
            case .addressSpace(let mebibytes):
                "an address space of \(mebibytes) MiB is too small: the daemon's threads and heaps reserve up to "
                    + "\(StartConditions.addressSpace >> 20) MiB, most of which they never use; allow more (ulimit -v unlimited, "
                    + "LimitAS=infinity), and bound its memory with --model-memory and --game-memory"
            case .noProc:
                "there is no /proc, where the threads' states are read; mount it (mount -t proc proc /proc)"
            }
        }
    }

    /// Descriptors of event loops, pipes, a socket and a log, a model's files and a picture.
    static let descriptors = 40
    /// Bytes of stacks and of what malloc(3) reserves for threads.
    static let addressSpace = 1536 << 20

    /// - Throws: `Failure`
    static func check() throws(Failure) {
        let limit = DescriptorLimit.raise()
        guard hasDescriptors() else { throw .descriptors(limit: limit) }
        if let size = addressSpaceLimit, !hasAddressSpace() { throw .addressSpace(mebibytes: size >> 20) }
        // libdispatch counts its threads that run by /proc/PID/stat and ends the process where one has none.
        guard access("/proc/self/stat", R_OK) == 0 else { throw .noProc }
    }

    /// Whether as many more can be opened, which the limit alone does not tell: some are inherited.
    private static func hasDescriptors() -> Bool {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < descriptors {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return errno != EMFILE && errno != ENFILE }
            opened.append(descriptor)
        }
        return true
    }

    /// getrlimit(2); nil where there is no limit.
    private static var addressSpaceLimit: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else {
            return nil
        }
        return Int(limit.rlim_cur)
    }

    private static func hasAddressSpace() -> Bool {
        let place = mmap(nil, addressSpace, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let place, place != MAP_FAILED else { return false }
        munmap(place, addressSpace)
        return true
    }
}
