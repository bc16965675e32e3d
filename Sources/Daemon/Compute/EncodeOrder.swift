import Encoders
import JSONRPC

/// Inputs of one modality for one model, to be encoded in micro-batches.
enum EncodeItems: Sendable {
    case images([ImageItem])
    case texts([TextItem])

    var count: Int {
        switch self {
        case .images(let items): items.count
        case .texts(let items): items.count
        }
    }
}

/// Who waits for an order.
enum Urgency: Sendable {
    /// Somebody's request: it goes between the micro-batches of refinements.
    case interactive
    /// Masks of a refinement; refinements share the machine in turns.
    case refinement
}

/// What an order gave: rows of embeddings, and which of them were reached before it was cancelled.
struct EncodedRows: Sendable {
    /// `[items, dimension]`
    var embeddings: [Float]
    /// True for rows that hold an embedding; all of them unless the order was cancelled.
    var finished: [Bool]

    var isComplete: Bool { finished.allSatisfy { $0 } }
}

/// An order in the scheduler's queue. Everything mutable in it is guarded by the scheduler's condition, except that the
/// rows handed to a worker are written by that worker alone.
final class EncodeOrder {
    let model: RunningModel
    let items: EncodeItems
    let urgency: Urgency
    let client: ConnectionID?
    /// Whether embeddings are scaled to length 1.
    let normalize: Bool
    let arrival: Double
    /// Smaller goes first: time of arrival, or of the last micro-batch taken, plus a handicap that grows with what is
    /// left, so that small requests overtake large ones and no large one waits for ever. Between clients, `ClientTurns`
    /// counts too.
    var rank: Double
    let rows: UnsafeMutableBufferPointer<Float>
    var finished: [Bool]
    var next = 0
    var inFlight = 0
    /// When its first micro-batch was taken.
    var started: ContinuousClock.Instant?
    var failure: EncodeError?
    var continuation: CheckedContinuation<EncodedRows, any Error>?

    /// Items of the request that come after this order's.
    private let following: Int

    init(
        model: RunningModel, items: EncodeItems, urgency: Urgency, client: ConnectionID?, normalize: Bool,
        arrival: Double,
        following: Int = 0
    ) {
        self.model = model
        self.items = items
        self.urgency = urgency
        self.client = client
        self.normalize = normalize
        self.arrival = arrival
        self.following = following
        rank = arrival + Double(items.count + following) * Self.handicapPerItem
        rows = .allocate(capacity: items.count * model.loaded.dimension)
        rows.initialize(repeating: 0)
        finished = Array(repeating: false, count: items.count)
    }

    deinit { rows.deallocate() }

    private static let handicapPerItem = 0.01
    var handicap: Double { Double(items.count - next + following) * Self.handicapPerItem }

    var hasWaiting: Bool { next < items.count && failure == nil }

    /// Whether a worker that has an item of `other` may take one of this order into the same micro-batch.
    func mixes(with other: EncodeOrder) -> Bool {
        guard urgency == other.urgency, normalize == other.normalize, model.identity == other.model.identity else {
            return false
        }
        switch (items, other.items) {
        case (.images, .images), (.texts, .texts): return true
        default: return false
        }
    }

    var result: EncodedRows { EncodedRows(embeddings: Array(rows), finished: finished) }
}

/// The part of an order that one micro-batch holds.
struct EncodeSlice {
    let order: EncodeOrder
    let range: Range<Int>
}
