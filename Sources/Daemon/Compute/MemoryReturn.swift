import CMalloc

/// Gives memory that was freed back to the system: glibc keeps what many threads freed, and a daemon that runs for weeks
/// would hold the peak of its busiest minute (malloc_trim(3)).
struct MemoryReturn: Sendable {
    private let loop: Task<Void, Never>

    private static let interval = Duration.seconds(2)

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
