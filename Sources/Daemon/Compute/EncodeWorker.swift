import Encoders
import Foundation
import Tensors

/// What one encoder thread keeps between micro-batches.
struct EncodeWorker {
    private var workspaces: [Int: EncoderWorkspace] = [:]
    /// The context for the operations of other threads' micro-batches.
    private var helping: ComputeContext?

    /// Drops the memory that was taken for models which are gone.
    mutating func keep(models: Set<Int>) {
        workspaces = workspaces.filter { models.contains($0.key) }
        helping = nil
    }

    /// Shares the operations of another thread's micro-batch until that is done or the worker is called back.
    /// - Returns: false if there is no memory to do so.
    mutating func help(_ service: OpenTeams.Service) -> Bool {
        guard let context = helping ?? (try? ComputeContext()) else { return false }
        helping = context
        service.run(with: context)
        return true
    }

    /// What became of a slice.
    enum Outcome {
        case finished
        /// Nobody wanted it any more, and it was left half done.
        case cancelled
        case failed(EncodeError)
    }

    /// Encodes one micro-batch and tells what became of each of its slices.
    mutating func outcomes(of batch: [EncodeSlice], model: RunningModel, team: ComputeTeam?) -> [Outcome] {
        let outcome = run(batch, model: model, team: team)
        guard batch.count > 1, case .failed = outcome else { return batch.map { _ in outcome } }
        // What one request's items do wrong must not be told to the others.
        return batch.map { run([$0], model: model, team: nil) }
    }

    /// Processor time that a micro-batch goes on for when nobody wants it any more, in seconds: its rows are kept, so
    /// one that is nearly done is finished.
    private static let patience = 0.02

    /// Whether to leave a micro-batch of which no order is wanted any more.
    private static func question(of batch: [EncodeSlice]) -> () -> Bool {
        let flags = batch.map(\.order.cancellation)
        var noticed: Double?
        return {
            guard flags.allSatisfy(\.isSet) else { return false }
            let time = threadTime
            guard let since = noticed else {
                noticed = time
                return false
            }
            return time - since > patience
        }
    }

    /// Processor time of the calling thread, in seconds: a busy machine makes nothing look long.
    private static var threadTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Encodes one micro-batch straight into the orders' rows where it comes from one order, else through a buffer.
    private mutating func run(_ batch: [EncodeSlice], model: RunningModel, team: ComputeTeam?) -> Outcome {
        let identity = model.identity
        let model = model.loaded
        let dimension = model.dimension
        let normalize = batch.allSatisfy(\.order.kind.normalize)
        do throws(EncodeError) {
            let workspace = if let known = workspaces[identity] { known } else { try model.makeWorkspace() }
            workspaces[identity] = workspace
            func encode(_ items: EncodeItems, into rows: UnsafeMutableBufferPointer<Float>) throws(EncodeError) {
                func body() throws(EncodeError) {
                    switch items {
                    case .images(let items):
                        try model.encodeImages(items, into: rows, workspace: workspace, normalize: normalize)
                    case .texts(let items):
                        try model.encodeTexts(items, into: rows, workspace: workspace, normalize: normalize)
                    }
                }
                try workspace.asking(Self.question(of: batch)) { () throws(EncodeError) in
                    if let team { try workspace.leading(team, body) } else { try body() }
                }
            }
            if batch.count == 1 {
                let slice = batch[0]
                let start = slice.range.lowerBound * dimension
                let rows = UnsafeMutableBufferPointer(
                    rebasing: slice.order.rows[start..<start + slice.range.count * dimension])
                try encode(slice.order.items[slice.range], into: rows)
            } else {
                let count = batch.reduce(0) { $0 + $1.range.count }
                let rows = UnsafeMutableBufferPointer<Float>.allocate(capacity: count * dimension)
                defer { rows.deallocate() }
                try encode(EncodeItems(joining: batch), into: rows)
                var offset = 0
                for slice in batch {
                    let size = slice.range.count * dimension
                    let start = slice.range.lowerBound * dimension
                    _ = UnsafeMutableBufferPointer(rebasing: slice.order.rows[start..<start + size])
                        .update(fromContentsOf: rows[offset..<offset + size])
                    offset += size
                }
            }
            return .finished
        } catch .cancelled {
            return .cancelled
        } catch {
            return .failed(error)
        }
    }
}

extension EncodeItems {
    fileprivate subscript(range: Range<Int>) -> EncodeItems {
        switch self {
        case .images(let items): .images(Array(items[range]))
        case .texts(let items): .texts(Array(items[range]))
        }
    }

    /// The items of slices that are all of one modality.
    fileprivate init(joining batch: [EncodeSlice]) {
        var images: [ImageItem] = []
        var texts: [TextItem] = []
        for slice in batch {
            switch slice.order.items {
            case .images(let items): images += items[slice.range]
            case .texts(let items): texts += items[slice.range]
            }
        }
        self = images.isEmpty ? .texts(texts) : .images(images)
    }
}
