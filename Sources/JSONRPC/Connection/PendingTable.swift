/// Requests that have not been replied to. Taking an entry out is the right to reply: whoever gets it (the handler's
/// end, a cancellation, a stop) replies, and everyone after it finds nothing. So a request is replied to exactly once,
/// whatever races.
///
/// A pure value, owned by its connection's event loop.
struct PendingTable<Entry> {
    /// Names an entry even where ids cannot: notifications and null ids have none that is unique.
    typealias Sequence = UInt64

    private var entries: [Sequence: (id: RequestID?, entry: Entry)] = [:]
    private var sequences: [RequestID: Sequence] = [:]
    private var next: Sequence = 0

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    /// Whether a request with this id waits for its reply.
    func contains(_ id: RequestID) -> Bool { sequences[id] != nil }

    subscript(id: RequestID) -> Entry? { sequences[id].flatMap { entries[$0]?.entry } }

    func contains(_ sequence: Sequence) -> Bool { entries[sequence] != nil }

    /// A number that no entry has had.
    mutating func nextSequence() -> Sequence {
        next += 1
        return next
    }

    /// - Precondition: no entry has this id, unless it is null.
    mutating func insert(_ entry: Entry, id: RequestID?, sequence: Sequence) {
        entries[sequence] = (id, entry)
        guard let id, id != .null else { return }
        precondition(sequences.updateValue(sequence, forKey: id) == nil, "id \(id) is pending already")
    }

    mutating func take(_ sequence: Sequence) -> Entry? {
        guard let (id, entry) = entries.removeValue(forKey: sequence) else { return nil }
        if let id { sequences[id] = nil }
        return entry
    }

    mutating func take(_ id: RequestID) -> (sequence: Sequence, entry: Entry)? {
        guard let sequence = sequences[id], let entry = take(sequence) else { return nil }
        return (sequence, entry)
    }

    /// Every entry that is left, oldest first.
    mutating func takeAll() -> [Entry] {
        defer {
            entries = [:]
            sequences = [:]
        }
        return entries.sorted { $0.key < $1.key }.map(\.value.entry)
    }

    var all: [Entry] { entries.values.map(\.entry) }
}
