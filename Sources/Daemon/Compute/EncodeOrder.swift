import Encoders
import Synchronization

/// A loaded model as the compute threads know it: loaded twice, it is two.
package struct RunningModel: Sendable {
    package let identity: Int
    package let loaded: LoadedModel

    package init(identity: Int, loaded: LoadedModel) {
        self.identity = identity
        self.loaded = loaded
    }
}

/// Inputs of one modality for one model, to be encoded in micro-batches.
package enum EncodeItems: Sendable {
    case images([ImageItem])
    case texts([TextItem])

    package var count: Int {
        switch self {
        case .images(let items): items.count
        case .texts(let items): items.count
        }
    }

    var modality: EncodeQueue.Modality {
        switch self {
        case .images: .image
        case .texts: .text
        }
    }
}

/// What an order gave: rows of embeddings, and which of them were reached before it was cancelled.
package struct EncodedRows: Sendable {
    /// `[items, dimension]`
    package var embeddings: [Float]
    /// True for rows that hold an embedding; all of them unless the order was cancelled.
    package var finished: [Bool]

    package init(embeddings: [Float], finished: [Bool]) {
        self.embeddings = embeddings
        self.finished = finished
    }

    var isComplete: Bool { finished.allSatisfy { $0 } }
}

/// An order with its inputs and the place for its results.
///
/// `@unchecked Sendable` holds because everything mutable in it is touched only with the scheduler's condition locked,
/// except that the rows handed to a worker are written by that worker alone.
package final class EncodeOrder: @unchecked Sendable {
    package let number: Int
    let model: RunningModel
    package let items: EncodeItems
    /// The client that the task worked for which submitted it.
    package let client = Client.current
    package let kind: EncodeQueue.Kind
    /// Set when nobody wants the rest any more; looked at between the layers of a micro-batch.
    let cancellation = CancellationFlag()
    let rows: UnsafeMutableBufferPointer<Float>
    var finished: [Bool]
    var inFlight = 0
    /// When its first micro-batch was taken.
    var started: ContinuousClock.Instant?
    var failure: EncodeError?
    var continuation: CheckedContinuation<EncodedRows, any Error>?

    init(number: Int, model: RunningModel, items: EncodeItems, kind: EncodeQueue.Kind) {
        self.number = number
        self.model = model
        self.items = items
        self.kind = kind
        rows = .allocate(capacity: items.count * model.loaded.dimension)
        rows.initialize(repeating: 0)
        finished = Array(repeating: false, count: items.count)
    }

    deinit { rows.deallocate() }

    var result: EncodedRows { EncodedRows(embeddings: Array(rows), finished: finished) }
}

/// The part of an order that one micro-batch holds.
package struct EncodeSlice {
    package let order: EncodeOrder
    package let range: Range<Int>
}
