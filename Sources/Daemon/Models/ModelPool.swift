import Encoders
import Foundation
import Logging
import Synchronization

/// One loaded model: the same folder at two precisions is two.
package struct ModelKey: Hashable, Sendable {
    package let folder: ModelPath
    package let precision: Precision
}

/// What the pool says of a loaded model.
package struct PooledModel: Sendable {
    package let id: String
    package let folder: ModelPath
    package let model: LoadedModel
    package let idleSeconds: Double
    /// When it expires; nil where it does not.
    package let expiresIn: Double?
    package let holders: Int
}

/// A model that left the memory.
package struct UnloadedModel: Sendable {
    package let id: String
    package let reason: String
    package let secondsAgo: Double
}

/// Owns the loaded models: loads each once however many ask, as long as one of them waits, keeps it while it is held
/// and `keepAlive` longer, and unloads the least recently used when memory runs short. A model in use or pinned
/// is never unloaded; a failed load leaves nothing. Reads no file itself.
package final class ModelPool: Sendable {
    /// What holds for requests that do not say otherwise.
    package struct Defaults: Sendable {
        package var model: String
        package var precision: Precision
        /// Seconds a model stays without use; −1 keeps it.
        package var keepAlive: Double

        package init(model: String, precision: Precision, keepAlive: Double) {
            self.model = model
            self.precision = precision
            self.keepAlive = keepAlive
        }
    }

    /// How the pool learns of files.
    package struct Reading: Sendable {
        /// The folder that a name stands for.
        package var locate: @Sendable (_ name: String) async throws -> ModelPath
        /// Bytes that a model will take at least, found without loading it.
        package var size: @Sendable (_ folder: ModelPath, _ precision: Precision) async throws -> Int
        package var load: @Sendable (_ folder: ModelPath, _ precision: Precision) async throws -> ReadModel

        package init(
            locate: @escaping @Sendable (_ name: String) async throws -> ModelPath,
            size: @escaping @Sendable (_ folder: ModelPath, _ precision: Precision) async throws -> Int,
            load: @escaping @Sendable (_ folder: ModelPath, _ precision: Precision) async throws -> ReadModel
        ) {
            self.locate = locate
            self.size = size
            self.load = load
        }
    }

    private struct Loaded: Sendable {
        let running: RunningModel
        let weights: WeightsIdentity
    }

    private struct Entry {
        let id: String
        let load: Task<Loaded, any Error>
        var model: RunningModel?
        var holders = 0
        /// Of the holders, those that gave up before it was loaded.
        var gaveUp = 0
        var keepAlive: Double
        var lastUse: Double
        /// While it is being loaded.
        var expectedBytes = 0

        var bytes: Int { model?.loaded.residentBytes ?? expectedBytes }
        var isIdle: Bool { model != nil && holders == 0 && keepAlive >= 0 }
    }

    private struct State {
        var entries: [ModelKey: Entry] = [:]
        var unloads: [(id: String, reason: String, time: Double)] = []
        var expiry: Task<Void, Never>?
        var loads = 0
    }

    private let defaults: Defaults
    private let reading: Reading
    private let onLoad: @Sendable (RunningModel) -> Void
    private let onUnload: @Sendable (RunningModel) -> Void
    private let memoryLimit: Int?
    private let now: @Sendable () -> Double
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - memoryLimit: bytes that weights may take; nil sets no limit.
    ///   - onLoad, onUnload: called with the pool's lock held.
    package init(
        defaults: Defaults, memoryLimit: Int?, logger: Logger,
        now: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime },
        onLoad: @escaping @Sendable (RunningModel) -> Void, onUnload: @escaping @Sendable (RunningModel) -> Void,
        reading: Reading
    ) {
        self.defaults = defaults
        self.memoryLimit = memoryLimit
        self.logger = logger
        self.now = now
        self.onLoad = onLoad
        self.onUnload = onUnload
        self.reading = reading
    }

    /// The model `name` stands for, loaded if it is not.
    /// - Parameters:
    ///   - name: nil takes the default model.
    ///   - precision: nil takes the model as it was used last, else the default precision.
    ///   - keepAlive: seconds it stays after its last use, −1 for ever; nil leaves what it has.
    /// - Throws: `ApplicationError` of kind `modelNotFound`, `modelUnsupported`, `modelCorrupt` or `memoryLimit`;
    ///   `CancellationError`.
    package func hold(
        _ name: String?, precision: Precision? = nil, keepAlive: Double? = nil
    ) async throws -> ModelHold {
        let name = name ?? defaults.model
        let folder = try await reading.locate(name)
        let (key, load) = state.withLock { state in
            let lastUsed = state.entries.filter { $0.key.folder == folder }
                .max { $0.value.lastUse < $1.value.lastUse }?.key
            let key =
                precision.map { ModelKey(folder: folder, precision: $0) } ?? lastUsed
                ?? ModelKey(folder: folder, precision: defaults.precision)
            var entry = state.entries[key] ?? makeEntry(name, key, &state)
            entry.holders += 1
            entry.lastUse = now()
            if let keepAlive { entry.keepAlive = keepAlive }
            state.entries[key] = entry
            return (key, entry.load)
        }
        do {
            let model = try await withTaskCancellationHandler {
                try await load.value
            } onCancel: {
                giveUp(key, load)
            }
            let id = try state.withLock { state in
                guard let entry = state.entries[key], entry.load == load else { throw refusal(of: name) }
                if entry.model == nil { try admit(model.running, key, &state) }
                return entry.id
            }
            return ModelHold(HeldModel(key: key, id: id, running: model.running, weights: model.weights), in: self)
        } catch {
            state.withLock { state in
                guard state.entries[key]?.load == load else { return }
                state.entries[key]?.holders -= 1
                if state.entries[key]?.model == nil { state.entries[key] = nil }
            }
            throw error
        }
    }

    /// One of those that wait for a model is not waited for itself any more; with the last of them its loading ends.
    private func giveUp(_ key: ModelKey, _ load: Task<Loaded, any Error>) {
        state.withLock { state in
            guard var entry = state.entries[key], entry.load == load, entry.model == nil else { return }
            entry.gaveUp += 1
            state.entries[key] = entry.gaveUp < entry.holders ? entry : nil
            if entry.gaveUp == entry.holders { load.cancel() }
        }
    }

    /// Takes a model that has just been loaded in, if memory allows.
    private func admit(_ model: RunningModel, _ key: ModelKey, _ state: inout State) throws {
        state.entries[key]?.model = model
        do {
            try makeRoom(for: key, &state)
        } catch {
            state.entries[key] = nil
            throw error
        }
        onLoad(model)
        logger.info(
            "model loaded",
            metadata: [
                "model": "\(state.entries[key]?.id ?? "")", "precision": "\(model.loaded.precision)",
                "milliseconds": "\(Int(model.loaded.loadMilliseconds))", "bytes": "\(model.loaded.residentBytes)",
            ])
    }

    private func refusal(of name: String) -> ApplicationError {
        ApplicationError(
            .memoryLimit,
            "the model \(name) does not fit the limit for weights; unload another, or start the daemon with a larger --model-memory"
        )
    }

    /// - Parameters:
    ///   - bytes: what the model would take.
    ///   - others: what those in use take.
    private func refusal(
        of name: String, taking bytes: Int, beside others: Int, of limit: Int
    ) -> ApplicationError {
        // Known from the configuration alone, `bytes` is a little less than the model takes once it is loaded.
        let least = (bytes + bytes / 32 + others + (1 << 20) - 1) >> 20
        return ApplicationError(
            .memoryLimit,
            "the model \(name) takes \(mebibytes(bytes)) of weights and does not fit "
                + (others > 0
                    ? "beside the models in use, \(mebibytes(others)), in \(mebibytes(limit)): unload another, or start "
                    : "in \(mebibytes(limit)): start ")
                + "the daemon with --model-memory \(least) or more")
    }

    private func makeEntry(_ name: String, _ key: ModelKey, _ state: inout State) -> Entry {
        state.loads += 1
        let load = Task { [loads = state.loads] in
            if memoryLimit != nil {
                let bytes = try await reading.size(key.folder, key.precision)
                try self.state.withLock { state in
                    state.entries[key]?.expectedBytes = bytes
                    try makeRoom(for: key, &state)
                }
            }
            let read = try await reading.load(key.folder, key.precision)
            return Loaded(running: RunningModel(identity: loads, loaded: read.model), weights: read.weights)
        }
        return Entry(id: name, load: load, keepAlive: defaults.keepAlive, lastUse: now())
    }

    /// What the end of a hold does.
    func release(_ model: HeldModel) {
        state.withLock { state in
            guard state.entries[model.key]?.model?.identity == model.running.identity else { return }
            state.entries[model.key]?.holders -= 1
            state.entries[model.key]?.lastUse = now()
            scheduleExpiry(&state)
        }
    }

    /// Unloads the models a name stands for, at every precision.
    /// - Throws: `ApplicationError` of kind `modelNotFound` where none is loaded, of kind `modelInUse` where one is
    ///   in use.
    package func unload(_ name: String) async throws -> [String] {
        let folder = try await reading.locate(name)
        return try state.withLock { state in
            let chosen = state.entries.filter { $0.key.folder == folder && $0.value.model != nil }
            guard !chosen.isEmpty else { throw ApplicationError(.modelNotFound, "the model \(name) is not loaded") }
            if let busy = chosen.values.first(where: { $0.holders > 0 }) {
                throw ApplicationError(
                    .modelInUse,
                    "the model \(name) is in use by \(busy.holders) requests or open explanations; "
                        + "wait for their replies, or close them (explanation/list names the open ones)")
            }
            return chosen.keys.compactMap { unload($0, reason: "asked by a client", &state) }
        }
    }

    /// The models in memory, most recently used first.
    package var loaded: [PooledModel] {
        let time = now()
        return state.withLock { state in
            state.entries.sorted { $0.value.lastUse > $1.value.lastUse }.compactMap { key, entry in
                guard let model = entry.model?.loaded else { return nil }
                let idle = time - entry.lastUse
                return PooledModel(
                    id: entry.id, folder: key.folder, model: model, idleSeconds: idle,
                    expiresIn: entry.isIdle ? max(0, entry.keepAlive - idle) : nil, holders: entry.holders)
            }
        }
    }

    /// The last unloads, with their reasons.
    package var unloads: [UnloadedModel] {
        let time = now()
        return state.withLock { state in
            state.unloads.map { UnloadedModel(id: $0.id, reason: $0.reason, secondsAgo: time - $0.time) }
        }
    }

    /// Whether nothing is loaded or being loaded.
    package var isEmpty: Bool { state.withLock { $0.entries.isEmpty } }

    /// Unloads what has been idle for its `keepAlive`.
    package func expire() {
        let time = now()
        state.withLock { state in
            for (key, entry) in state.entries where entry.isIdle && time - entry.lastUse >= entry.keepAlive {
                unload(key, reason: "idle for \(Int(entry.keepAlive)) s", &state)
            }
            scheduleExpiry(&state)
        }
    }

    private func scheduleExpiry(_ state: inout State) {
        state.expiry?.cancel()
        let due = state.entries.values.filter(\.isIdle).map { $0.lastUse + $0.keepAlive }.min()
        guard let due else { return }
        let wait = min(max(0.01, due - now()), 86_400)
        state.expiry = Task { [weak self] in
            guard (try? await Task.sleep(for: .seconds(wait))) != nil else { return }
            self?.expire()
        }
    }

    /// Unloads idle models until a newcomer fits: before it is loaded by what it will take at least, and afterwards by
    /// what it takes.
    private func makeRoom(for newcomer: ModelKey, _ state: inout State) throws {
        guard let memoryLimit else { return }
        var total = state.entries.values.reduce(0) { $0 + $1.bytes }
        let idle = state.entries.filter { $0.key != newcomer && $0.value.isIdle }
            .sorted { $0.value.lastUse < $1.value.lastUse }
        // None goes for one that would not fit all the same.
        let held = total - idle.reduce(0, { $0 + $1.value.bytes })
        guard held <= memoryLimit else {
            let taken = state.entries[newcomer]?.bytes ?? 0
            throw refusal(of: state.entries[newcomer]?.id ?? "", taking: taken, beside: held - taken, of: memoryLimit)
        }
        for (key, entry) in idle where total > memoryLimit {
            total -= entry.bytes
            unload(key, reason: "made room for another model", &state)
        }
    }

    @discardableResult
    private func unload(_ key: ModelKey, reason: String, _ state: inout State) -> String? {
        guard let entry = state.entries.removeValue(forKey: key), let model = entry.model else { return nil }
        onUnload(model)
        state.unloads.append((entry.id, reason, now()))
        if state.unloads.count > 20 { state.unloads.removeFirst() }
        logger.info("model unloaded", metadata: ["model": "\(entry.id)", "reason": "\(reason)"])
        return entry.id
    }
}
