import Encoders
import FIxLIPProtocol
import Foundation

/// A model that could be loaded, or why not.
package struct AvailableModel: Sendable {
    package enum Origin: Sendable { case builtIn, hubCache }

    package let id: String
    package let folder: String
    package let origin: Origin
    /// Why it cannot be loaded; nil where it can.
    package let problem: String?
    /// What it is, where it can be loaded.
    package let summary: FolderSummary?
}

/// Finds the folder a model's name stands for: a built-in name, a path, or `org/name[@revision]` in the local hub
/// cache. Never touches the network. Blocks: not for the cooperative pool.
package struct ModelLocator: Sendable {
    /// Folders that hold built-in models, searched in order.
    let folders: [String]

    package init(folders: [String]) { self.folders = folders }

    /// - Throws: `ApplicationError` of kind `modelNotFound` that says where was looked and what to do.
    package func folder(of name: String) throws -> ModelPath {
        if name.isEmpty { throw ApplicationError(.modelNotFound, "the model's name is empty") }
        if let builtIn = builtIn(name) { return builtIn }
        let expanded = name.hasPrefix("~") ? NSString(string: name).expandingTildeInPath : name
        if isFolder(expanded) { return resolved(expanded) }
        if HubCache.isName(name) {
            do throws(ModelError) {
                return resolved(try HubCache().folder(of: name))
            } catch {
                throw ApplicationError.loading(error)
            }
        }
        if FileManager.default.fileExists(atPath: expanded) {
            throw ApplicationError(
                .modelNotFound, "\(name) is a file; name the folder that holds config.json and model.safetensors")
        }
        if name.contains("/") || name.hasPrefix(".") {
            throw ApplicationError(.modelNotFound, "there is no folder \(name)")
        }
        throw ApplicationError(
            .modelNotFound,
            folders.isEmpty
                ? "there are no built-in models beside this program; set FIXLIPD_MODELS to their folder, or give a model's folder"
                : "there is no built-in model '\(name)' in \(folders.joined(separator: ", ")); give a folder, or org/name as in "
                    + "the hub cache")
    }

    /// The built-in models that are there: name and folder.
    var builtIns: [(name: String, folder: String)] {
        var seen: Set<ModelPath> = []
        return folders.flatMap { parent in
            ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).sorted().compactMap { name in
                let folder = "\(parent)/\(name)"
                guard isFolder(folder), seen.insert(ModelPath(name)).inserted else { return nil }
                return (name, folder)
            }
        }
    }

    /// Built-in models and those of the hub cache.
    package func available(_ turn: WorkTurn) throws -> [AvailableModel] {
        let builtIn = try builtIns.map { name, folder in
            try turn.check()
            do throws(ModelError) {
                return AvailableModel(
                    id: name, folder: folder, origin: .builtIn, problem: nil,
                    summary: try LoadedModel.summary(folder: folder, isCancelled: turn.isCancelled))
            } catch {
                return AvailableModel(id: name, folder: folder, origin: .builtIn, problem: "\(error)", summary: nil)
            }
        }
        let cached = HubCache().entries(isCancelled: turn.isCancelled).map { entry in
            AvailableModel(
                id: entry.revision == "main" ? entry.name : "\(entry.name)@\(entry.revision)", folder: entry.folder,
                origin: .hubCache, problem: entry.problem == nil ? nil : entry.reason,
                summary: entry.summary)
        }
        return builtIn + cached
    }

    private func builtIn(_ name: String) -> ModelPath? {
        guard !name.contains("/"), !name.hasPrefix(".") else { return nil }
        return folders.map { "\($0)/\(name)" }.first(where: isFolder).map(resolved)
    }

    /// One path for one folder, so that a model is not loaded once for each way to name it.
    private func resolved(_ path: String) -> ModelPath {
        ModelPath(URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    }

    private func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    /// Built-in models lie in `FIXLIPD_MODELS` (colon-separated), else beside the executable: `models` in its folder or
    /// one of the folders above it (a build tree), or `../share/fixlipd/models` (an installation).
    static func standardFolders(executable: String, environment: [String: String]) -> [String] {
        if let list = environment["FIXLIPD_MODELS"], !list.isEmpty {
            return list.split(separator: ":").map(String.init)
        }
        var folder = URL(fileURLWithPath: executable).resolvingSymlinksInPath().deletingLastPathComponent()
        var candidates = [folder.appendingPathComponent("../share/fixlipd/models").standardized.path]
        for _ in 0..<5 where folder.path != "/" {
            candidates.append(folder.appendingPathComponent("models").path)
            folder.deleteLastPathComponent()
        }
        return candidates.filter { FileManager.default.fileExists(atPath: $0) }
    }
}

extension ModelPool.Reading {
    /// Reads the folders that `locator` finds.
    /// - Parameters:
    ///   - listing: the threads that look for models and measure them.
    ///   - loading: the threads that load them.
    package init(_ locator: ModelLocator, listing: WorkThreads, loading: WorkThreads) {
        self.init(
            locate: { name in
                try await within(Self.patience, "looking for the model \(name)") {
                    try await listing.run { _ in try locator.folder(of: name) }
                }
            },
            size: { folder, precision in
                try await within(Self.patience, "looking at the model in \(folder)") {
                    try await listing.run { _ in
                        do throws(ModelError) {
                            return try LoadedModel.leastBytes(folder: folder.string, precision: precision)
                        } catch {
                            throw ApplicationError.loading(error)
                        }
                    }
                }
            },
            load: { folder, precision in
                try await loading.run { turn in
                    try ReadModel(folder: folder, precision: precision, isCancelled: turn.isAbandoned)
                }
            })
    }
}

extension ModelPool.Reading {
    /// How long a file system may take to tell what lies in a folder.
    private static var patience: Duration { .seconds(10) }
}

/// Runs `body`, which gives up when it is cancelled.
/// - Throws: `ApplicationError` of kind `modelNotFound` where `body` takes longer than `limit`.
func within<Value: Sendable>(
    _ limit: Duration, _ work: String, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: limit)
            throw ApplicationError(
                .modelNotFound,
                "\(work) took more than \(limit.components.seconds) s: the file system that holds it does not answer")
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
