import Interactions

/// What estimates have made of one image's masks, kept for the next caption: the last two. Each can be made again from
/// the masks, so they are the first to go when memory is short.
struct KeptExpansions {
    struct Key: Hashable, Sendable {
        var p: Double
        var order: Int
        var seed: UInt64
        var paired: Bool
        var masks: Int
        var standardErrors: Bool
        /// The identity of the prior it was made with.
        var prior: String?
    }

    private struct Entry {
        let key: Key
        let task: Task<SideExpansion, any Error>
        var finished: SideExpansion?
    }

    private static let limit = 2
    /// Oldest use first.
    private var entries: [Entry] = []

    var bytes: Int { entries.reduce(0) { $0 + ($1.finished?.bytes ?? 0) } }

    /// One that has been made or is being made.
    mutating func find(_ key: Key) -> Task<SideExpansion, any Error>? {
        // One with what standard errors need serves those who want none, and gives the same values.
        var withErrors = key
        withErrors.standardErrors = true
        guard let index = entries.lastIndex(where: { $0.key == key || $0.key == withErrors }) else { return nil }
        entries.append(entries.remove(at: index))
        return entries[entries.count - 1].task
    }

    /// The last one made, which another may continue.
    var latest: SideExpansion? { entries.last { $0.finished != nil }?.finished }

    mutating func insert(_ key: Key, _ task: Task<SideExpansion, any Error>) {
        entries.append(Entry(key: key, task: task, finished: nil))
        if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    }

    /// Notes that one is ready, or forgets it where it failed.
    mutating func finish(_ task: Task<SideExpansion, any Error>, _ expansion: SideExpansion?) {
        guard let index = entries.firstIndex(where: { $0.task == task }) else { return }
        if let expansion {
            entries[index].finished = expansion
        } else {
            entries.remove(at: index)
        }
    }

    mutating func removeAll() { entries.removeAll { $0.finished != nil } }
}
