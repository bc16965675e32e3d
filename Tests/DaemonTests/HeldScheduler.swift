import Daemon
import Encoders
import Foundation
import JSONRPC
import Synchronization
import TestSupport

/// A scheduler whose thread, or one of several, is held before its first micro-batch or its first few, so that tests
/// decide what waits when it goes on. Each look at its clock takes a millisecond.
final class HeldScheduler: Sendable {
    /// What a micro-batch held of one order.
    struct Part: Equatable, Sendable {
        /// Whose order it was: the number of the connection.
        var client: UInt64?
        var items: Int
    }

    private struct State {
        var batches: [[Part]] = []
        var time = 100.0
        var held: CheckedContinuation<Void, Never>?
    }

    private let state: Recorder
    let scheduler: EncodeScheduler
    let model: RunningModel

    private final class Recorder: Sendable {
        let state = Mutex(State())
        let gate = DispatchSemaphore(value: 0)
        let holds: Int

        init(holds: Int) { self.holds = holds }

        /// Lets every micro-batch go that is held or would be.
        func release() {
            for _ in 0..<holds { gate.signal() }
        }

        func now() -> Double {
            state.withLock { state in
                state.time += 0.001
                return state.time
            }
        }

        func record(_ batch: [EncodeSlice]) {
            let parts = batch.map { Part(client: $0.order.client?.number, items: $0.range.count) }
            let isHeld = state.withLock { state in
                state.batches.append(parts)
                state.held?.resume()
                state.held = nil
                return state.batches.count <= holds
            }
            if isHeld { gate.wait() }
        }
    }

    /// Holds the thread with an order of one image, which is the first micro-batch.
    /// - Parameter holds: how many micro-batches are held, each until it is let go.
    init(threads: Int = 1, model: RunningModel? = nil, holds: Int = 1) async throws {
        let recorder = Recorder(holds: holds)
        state = recorder
        self.model = try model ?? smallModel()
        scheduler = EncodeScheduler(threadCount: threads, now: recorder.now, beforeBatch: recorder.record)
        scheduler.expect(self.model)
        try submit(images: 1, client: nil)
        await withCheckedContinuation { continuation in
            recorder.state.withLock { state in
                if state.batches.isEmpty { state.held = continuation } else { continuation.resume() }
            }
        }
    }

    deinit {
        state.release()
        scheduler.stop()
    }

    func setTime(_ time: Double) { state.state.withLock { $0.time = time } }

    @discardableResult
    func submit(
        images: Int, client: UInt64?, urgency: Urgency = .interactive, requestSize: Int = 0
    ) throws -> Task<EncodedRows, any Error> {
        let image = ImageItem(image: try blackImage(model))
        return submit(.images(Array(repeating: image, count: images)), client, urgency, requestSize)
    }

    @discardableResult
    func submit(texts: Int, client: UInt64?, urgency: Urgency = .interactive) throws -> Task<EncodedRows, any Error> {
        let text = TextItem(text: try shortText(model))
        return submit(.texts(Array(repeating: text, count: texts)), client, urgency, 0)
    }

    private func submit(
        _ items: EncodeItems, _ client: UInt64?, _ urgency: Urgency, _ requestSize: Int
    ) -> Task<EncodedRows, any Error> {
        let (scheduler, model) = (scheduler, model)
        return Client.$current.withValue(client.map { ConnectionID($0) }) {
            Task { try await scheduler.encode(model, items, urgency: urgency, requestSize: requestSize) }
        }
    }

    /// Returns when so many items are in the queue.
    func waitUntilQueued(_ items: Int) async throws {
        try await wait(while: scheduler.waiting.interactive + scheduler.waiting.refinement < items)
    }

    /// Lets one micro-batch go and returns when the thread holds the one after it.
    func goOn() async throws {
        let count = state.state.withLock { $0.batches.count }
        state.gate.signal()
        try await wait(while: state.state.withLock({ $0.batches.count }) == count)
    }

    /// Lets the thread go on, waits for the orders, and tells what micro-batches it took after the first.
    func release(_ orders: [Task<EncodedRows, any Error>]) async throws -> [[Part]] {
        state.release()
        for order in orders { _ = try await order.value }
        return state.state.withLock { Array($0.batches.dropFirst()) }
    }
}

func smallModel() throws -> RunningModel { try runningModel("Tests/Fixtures/clip-small") }

/// Large enough for threads to share a micro-batch of one image.
func demoModel() throws -> RunningModel { try runningModel("models/demo") }

private func runningModel(_ path: String) throws -> RunningModel {
    let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
    let folder = ModelPath(root.appendingPathComponent(path).path)
    return RunningModel(identity: 1, loaded: try ReadModel(folder: folder, precision: .f32).model)
}

func blackImage(_ model: RunningModel) throws -> PreparedImage {
    let loaded = model.loaded
    return try loaded.prepare(pixels: [Float](repeating: 0, count: 3 * loaded.imageHeight * loaded.imageWidth))
}

func shortText(_ model: RunningModel) throws -> PreparedText {
    let tokenization = try model.loaded.tokenizer.tokenize("a dog")
    return try model.loaded.prepare(ids: tokenization.ids, players: tokenization.playerPositions)
}
