import Encoders
import FIxLIPProtocol
import Foundation

/// Finds the folder a model's name stands for: a built-in name, a path, or `org/name[@revision]` in the local hub
/// cache. Never touches the network.
struct ModelLocator: Sendable {
    /// Folders that hold built-in models, searched in order.
    let folders: [String]

    /// - Throws: `ApplicationError` of kind `modelNotFound` that says where was looked and what to do.
    func folder(of name: String) throws -> String {
        if name.isEmpty { throw ApplicationError(.modelNotFound, "the model's name is empty") }
        if let builtIn = builtIn(name) { return builtIn }
        let expanded = name.hasPrefix("~") ? NSString(string: name).expandingTildeInPath : name
        if isFolder(expanded) { return resolved(expanded) }
        if HubCache.isName(name) {
            do throws(ModelError) {
                return resolved(try HubCache().folder(of: name))
            } catch {
                throw ApplicationError(error)
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
        var seen: Set<String> = []
        return folders.flatMap { parent in
            ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).sorted().compactMap { name in
                let folder = "\(parent)/\(name)"
                guard isFolder(folder), seen.insert(name).inserted else { return nil }
                return (name, folder)
            }
        }
    }

    private func builtIn(_ name: String) -> String? {
        guard !name.contains("/"), !name.hasPrefix(".") else { return nil }
        return folders.map { "\($0)/\(name)" }.first(where: isFolder).map(resolved)
    }

    /// One path for one folder, so that a model is not loaded once for each way to name it.
    private func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }

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
