import CMalloc

/// Gives memory that was freed back to the system: glibc keeps what many threads freed, and a daemon that runs for
/// weeks would hold the peak of its busiest minute (malloc_trim(3)).
struct MemoryReturn: Sendable {
    private let loop: Task<Void, Never>

    private static let interval = Duration.seconds(2)
    /// Blocks of so many bytes and more, which are what estimates come and go with, go back the moment they are freed.
    /// Left to itself, glibc raises the limit to the largest block that was ever freed, and keeps holes between those
    /// that stay.
    private static let ownMapping: Int32 = 1 << 20
    /// What may stay free at a heap's end until the next look.
    private static let spare: Int32 = 32 << 20

    /// To be called before there is much memory in use (mallopt(3)).
    static func prepare() {
        mallopt(M_MMAP_THRESHOLD, ownMapping)
        mallopt(M_TRIM_THRESHOLD, spare)
    }

    /// Looks every two seconds whether `activity` has moved, and trims on `threads` if it has.
    init(on threads: WorkThreads, activity: @escaping @Sendable () -> Int) {
        loop = Task {
            var seen = 0
            while (try? await Task.sleep(for: Self.interval)) != nil {
                let current = activity()
                guard current != seen else { continue }
                seen = current
                _ = try? await threads.run { malloc_trim(0) }
            }
        }
    }

    func stop() { loop.cancel() }
}
