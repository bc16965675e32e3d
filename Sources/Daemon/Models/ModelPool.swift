import Encoders
import FIxLIPProtocol
import Foundation
import Logging

/// A model that somebody uses. It stays loaded until `ModelPool.release`.
struct ModelLease: Sendable {
    let key: ModelKey
    /// What the client calls it.
    let id: String
    let model: RunningModel
}

/// A loaded model as the compute threads know it: loaded twice, it is two.
struct RunningModel: Sendable {
    let identity: Int
    let loaded: LoadedModel
    /// Which weights they are: masks that are kept over a restart belong to these alone.
    let weights: WeightsIdentity

    init(identity: Int, read: ReadModel) {
        self.identity = identity
        loaded = read.model
        weights = read.weights
    }
}

/// One loaded model: the same folder at two precisions is two.
struct ModelKey: Hashable, Sendable {
    let folder: String
    let precision: Precision
}

/// Owns the loaded models: loads each once however many ask, keeps it while it is used and `keepAlive` longer, and
/// unloads the least recently used when memory runs short. A model in use or pinned is never unloaded; a failed load
/// leaves nothing.
actor ModelPool {
    typealias Loader = @Sendable (_ folder: String, _ precision: Precision) async throws -> ReadModel
    /// Bytes that a model will take at least, found without loading it.
    typealias Sizing = @Sendable (_ folder: String, _ precision: Precision) async throws -> Int

    private struct Entry {
        let id: String
        let load: Task<RunningModel, any Error>
        var model: RunningModel?
        var holders = 0
        var keepAlive: Double
        var lastUse: Double
        /// While it is being loaded.
        var expectedBytes = 0

        var bytes: Int { model?.loaded.residentBytes ?? expectedBytes }
    }

    private let locator: ModelLocator
    private let sizing: Sizing
    private let loader: Loader
    private let onLoad: @Sendable (RunningModel) -> Void
    private let onUnload: @Sendable (RunningModel) -> Void
    private let memoryLimit: Int?
    private let defaultKeepAlive: Double
    private let now: @Sendable () -> Double
    private let logger: Logger
    private var entries: [ModelKey: Entry] = [:]
    private var unloads: [(id: String, reason: String, time: Double)] = []
    private var expiry: Task<Void, Never>?
    private var loads = 0

    init(
        locator: ModelLocator, memoryLimit: Int?, keepAlive: Double, logger: Logger,
        now: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime },
        onLoad: @escaping @Sendable (RunningModel) -> Void, onUnload: @escaping @Sendable (RunningModel) -> Void,
        sizing: @escaping Sizing, loader: @escaping Loader
    ) {
        self.locator = locator
        self.memoryLimit = memoryLimit
        defaultKeepAlive = keepAlive
        self.logger = logger
        self.now = now
        self.onLoad = onLoad
        self.onUnload = onUnload
        self.sizing = sizing
        self.loader = loader
    }

    /// The model `name` stands for, loaded if it is not, held until `release`.
    /// - Parameters:
    ///   - precision: nil takes the model as it was used last, else `fallback`.
    ///   - keepAlive: seconds it stays after its last use, −1 for ever; nil leaves what it has.
    /// - Throws: `ApplicationError` of kind `modelNotFound`, `modelUnsupported`, `modelCorrupt` or `memoryLimit`.
    func acquire(
        _ name: String, precision: Precision?, otherwise fallback: Precision, keepAlive: Double? = nil
    ) async throws -> ModelLease {
        let folder = try locator.folder(of: name)
        let lastUsed = entries.filter { $0.key.folder == folder }.max { $0.value.lastUse < $1.value.lastUse }?.key
        let key =
            precision.map { ModelKey(folder: folder, precision: $0) } ?? lastUsed
            ?? ModelKey(folder: folder, precision: fallback)
        var entry = entries[key] ?? makeEntry(name, key)
        entry.holders += 1
        entry.lastUse = now()
        if let keepAlive { entry.keepAlive = keepAlive }
        entries[key] = entry
        do {
            let model = try await entry.load.value
            guard entries[key]?.load == entry.load else { throw refusal(of: name) }
            if entries[key]?.model == nil { try admit(model, key) }
            return ModelLease(key: key, id: entry.id, model: model)
        } catch {
            if entries[key]?.load == entry.load {
                entries[key]?.holders -= 1
                if entries[key]?.model == nil { entries[key] = nil }
            }
            throw error
        }
    }

    /// Takes a model that has just been loaded in, if memory allows.
    private func admit(_ model: RunningModel, _ key: ModelKey) throws {
        entries[key]?.model = model
        do {
            try makeRoom(for: key)
        } catch {
            entries[key] = nil
            throw error
        }
        onLoad(model)
        logger.info(
            "model loaded",
            metadata: [
                "model": "\(entries[key]?.id ?? "")", "precision": "\(model.loaded.precision)",
                "milliseconds": "\(Int(model.loaded.loadMilliseconds))", "bytes": "\(model.loaded.residentBytes)",
            ])
    }

    private func refusal(of name: String) -> ApplicationError {
        ApplicationError(
            .memoryLimit,
            "the model \(name) does not fit the limit for weights; unload another, or start the daemon with a larger --model-memory"
        )
    }

    private func makeEntry(_ name: String, _ key: ModelKey) -> Entry {
        loads += 1
        let load = Task { [sizing, loader, loads] in
            if memoryLimit != nil {
                // Not in one statement: the entry would be open for writing while others use the table.
                let bytes = try await sizing(key.folder, key.precision)
                entries[key]?.expectedBytes = bytes
                try makeRoom(for: key)
            }
            return RunningModel(identity: loads, read: try await loader(key.folder, key.precision))
        }
        return Entry(id: name, load: load, keepAlive: defaultKeepAlive, lastUse: now())
    }

    func release(_ lease: ModelLease) {
        guard entries[lease.key]?.model?.identity == lease.model.identity else { return }
        entries[lease.key]?.holders -= 1
        entries[lease.key]?.lastUse = now()
        scheduleExpiry()
    }

    /// Unloads the models a name stands for, at every precision.
    /// - Throws: `ApplicationError` of kind `modelNotFound` where none is loaded, of kind `modelInUse` where one is
    ///   in use.
    func unload(_ name: String) throws -> [String] {
        let folder = try locator.folder(of: name)
        let keys = entries.filter { $0.key.folder == folder && $0.value.model != nil }.map(\.key)
        guard !keys.isEmpty else { throw ApplicationError(.modelNotFound, "the model \(name) is not loaded") }
        if let busy = keys.first(where: { (entries[$0]?.holders ?? 0) > 0 }) {
            throw ApplicationError(
                .modelInUse,
                "the model \(name) is in use by \(entries[busy]?.holders ?? 0) requests or open explanations; wait for their replies, or close them (explanation/list names the open ones)"
            )
        }
        return keys.compactMap { unload($0, reason: "asked by a client") }
    }

    /// The models in memory, most recently used first.
    var status: [ModelStatus] {
        let time = now()
        let clock = Date().timeIntervalSince1970
        return entries.sorted { $0.value.lastUse > $1.value.lastUse }.compactMap { key, entry in
            guard let model = entry.model?.loaded else { return nil }
            let idle = time - entry.lastUse
            let left = entry.keepAlive < 0 || entry.holders > 0 ? nil : max(0, entry.keepAlive - idle)
            return ModelStatus(
                id: entry.id, path: key.folder, architecture: model.family.name,
                precision: "\(model.precision)",
                maskPrecision: "\(model.maskPrecision)", precisionReason: model.precisionReason,
                bytes: model.residentBytes,
                lastUsedSecondsAgo: idle,
                expiresInSeconds: left, lastUsed: Int(clock - idle),
                expiresAt: left.map { Int((clock + $0).rounded(.up)) }, inUse: entry.holders)
        }
    }

    /// The last unloads, with their reasons.
    var unloadHistory: [ServerStatus.Unload] {
        let time = now()
        return unloads.map { ServerStatus.Unload(id: $0.id, reason: $0.reason, secondsAgo: time - $0.time) }
    }

    /// Built-in models and those of the hub cache, with whether each can be loaded.
    nonisolated func available() -> [ModelsList.Available] {
        let builtIn = locator.builtIns.map {
            let problem = LoadedModel.problem(folder: $0.folder)
            return ModelsList.Available(
                id: $0.name, path: $0.folder, origin: "builtin", loadable: problem == nil,
                reason: problem.map { "\($0)" })
        }
        let cached = HubCache().entries().map { entry in
            ModelsList.Available(
                id: entry.revision == "main" ? entry.name : "\(entry.name)@\(entry.revision)", path: entry.folder,
                origin: "cache", loadable: entry.problem == nil, reason: entry.reason)
        }
        return builtIn + cached
    }

    /// Whether nothing is loaded or being loaded.
    var isEmpty: Bool { entries.isEmpty }

    /// Unloads what has been idle for its `keepAlive`.
    func expire() {
        let time = now()
        for (key, entry) in entries
        where entry.model != nil && entry.holders == 0 && entry.keepAlive >= 0
            && time - entry.lastUse >= entry.keepAlive
        {
            unload(key, reason: "idle for \(Int(entry.keepAlive)) s")
        }
        scheduleExpiry()
    }

    private func scheduleExpiry() {
        expiry?.cancel()
        let due = entries.values.filter { $0.model != nil && $0.holders == 0 && $0.keepAlive >= 0 }
            .map { $0.lastUse + $0.keepAlive }.min()
        guard let due else { return }
        let wait = min(max(0.01, due - now()), 86_400)
        expiry = Task { [weak self] in
            guard (try? await Task.sleep(for: .seconds(wait))) != nil else { return }
            await self?.expire()
        }
    }

    /// Unloads idle models until a newcomer fits: before it is loaded by what it will take at least, and afterwards by
    /// what it takes.
    private func makeRoom(for newcomer: ModelKey) throws {
        guard let memoryLimit else { return }
        var total = entries.values.reduce(0) { $0 + $1.bytes }
        let idle = entries.filter {
            $0.key != newcomer && $0.value.model != nil && $0.value.holders == 0 && $0.value.keepAlive >= 0
        }.sorted { $0.value.lastUse < $1.value.lastUse }
        // None goes for one that would not fit all the same.
        guard total - idle.reduce(0, { $0 + $1.value.bytes }) <= memoryLimit else {
            throw refusal(of: entries[newcomer]?.id ?? "")
        }
        for (key, entry) in idle where total > memoryLimit {
            total -= entry.bytes
            unload(key, reason: "made room for another model")
        }
    }

    @discardableResult
    private func unload(_ key: ModelKey, reason: String) -> String? {
        guard let entry = entries.removeValue(forKey: key), let model = entry.model else { return nil }
        onUnload(model)
        unloads.append((entry.id, reason, now()))
        if unloads.count > 20 { unloads.removeFirst() }
        logger.info("model unloaded", metadata: ["model": "\(entry.id)", "reason": "\(reason)"])
        return entry.id
    }
}
