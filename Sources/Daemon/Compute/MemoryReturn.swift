import CMalloc
import Foundation

/// Gives memory that was freed back to the system: glibc keeps what many threads freed, and a daemon that runs for
/// weeks would hold the peak of its busiest minute (malloc_trim(3)).
struct MemoryReturn: Sendable {
    private let loop: Task<Void, Never>

    private static let interval = Duration.seconds(2)
    /// How much processor time between two looks, in seconds, tells that the daemon was at work.
    private static let work = 0.02
    /// Blocks of at least this many bytes, which estimates come and go with, go back the moment they are freed.
    /// Left to itself, glibc raises the limit to the largest block that was ever freed, and keeps holes between those
    /// that stay.
    private static let ownMapping: Int32 = 1 << 20
    /// What may stay free at a heap's end until the next look.
    private static let spare: Int32 = 32 << 20

    /// To be called before there is much memory in use (mallopt(3)).
    static func prepare() {
        mallopt(M_MMAP_THRESHOLD, ownMapping)
        mallopt(M_TRIM_THRESHOLD, spare)
        // Each heap for threads reserves 64 MiB, and a processor may have eight: too much in a bounded address space.
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max) {
            mallopt(M_ARENA_MAX, 2)
        }
    }

    /// Looks every two seconds whether the daemon was at work, whatever with, and trims on `threads` if it was, and
    /// once more when it has become quiet.
    init(on threads: WorkThreads) {
        loop = Task {
            var seen = Self.processorTime
            var wasAtWork = false
            while (try? await Task.sleep(for: Self.interval)) != nil {
                let current = Self.processorTime
                let isAtWork = current - seen > Self.work
                if isAtWork || wasAtWork { _ = try? await threads.run { _ in malloc_trim(0) } }
                // The time that trimming took does not count as work.
                seen = isAtWork ? Self.processorTime : current
                wasAtWork = isAtWork
            }
        }
    }

    func stop() { loop.cancel() }

    /// Processor time of the whole process, in seconds.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
