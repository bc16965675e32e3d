import Synchronization

/// Indexes of items, noted from several threads.
final class ItemIndexes: Sendable {
    private let indexes = Mutex<Set<Int>>([])

    func insert(_ index: Int) { indexes.withLock { _ = $0.insert(index) } }
    var sorted: [Int] { indexes.withLock { $0.sorted() } }
}
