import Foundation
import JSON

/// The local cache of the Hugging Face hub. It is only read; nothing here touches the network.
///
/// Layout: `models--org--name/refs/<revision>` holds the name of a folder under `models--org--name/snapshots/`
/// (https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
package struct HubCache: Sendable {
    /// The folder of the cache, which need not exist.
    package let folder: String

    /// A model that the cache holds.
    package struct Entry: Sendable {
        /// `org/name`, or `name` for models without an organisation.
        package let name: String
        /// The revision that a reference names (such as `main`), or the snapshot's own name where none does.
        package let revision: String
        /// The snapshot's folder.
        package let folder: String
        /// Why it cannot be loaded, or nil if its files look complete.
        package let problem: ModelError?
        /// What it is, if its files look complete.
        package let summary: FolderSummary?

        /// The problem for a list that names the folder beside it: files are named without it.
        package var reason: String? {
            problem.map {
                "\($0)".replacingOccurrences(of: "\(folder)/", with: "").replacingOccurrences(
                    of: "\(folder) has no", with: "no"
                )
                .replacingOccurrences(of: "\(folder): ", with: "")
            }
        }
    }

    package init(folder: String) {
        self.folder = folder
    }

    /// The cache that the environment names: `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `$HF_HOME/hub`, else
    /// `${XDG_CACHE_HOME:-~/.cache}/huggingface/hub`.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func path(_ name: String) -> String? {
            guard let value = environment[name], !value.isEmpty else { return nil }
            return NSString(string: value).expandingTildeInPath
        }
        if let cache = path("HF_HUB_CACHE") ?? path("HUGGINGFACE_HUB_CACHE") {
            folder = cache
        } else if let home = path("HF_HOME") {
            folder = home + "/hub"
        } else {
            let home = environment["HOME"] ?? NSHomeDirectory()
            folder = (path("XDG_CACHE_HOME") ?? home + "/.cache") + "/huggingface/hub"
        }
    }

    /// Whether a string has the form `org/name` or `org/name@revision`.
    package static func isName(_ name: String) -> Bool { parse(name) != nil }

    private static func parse(_ name: String) -> (repository: String, revision: String)? {
        let halves = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false)
        let allowed: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(allowed) && $0.first != "." }) else {
            return nil
        }
        let revision = halves.count == 2 ? halves[1] : "main"
        // A revision may be a branch with slashes, but never a way out of the folder of references.
        guard !revision.isEmpty,
            !revision.split(separator: "/", omittingEmptySubsequences: false).contains(where: {
                $0.isEmpty || $0 == "." || $0 == ".."
            })
        else { return nil }
        return (halves[0], revision)
    }

    /// The folder of a cached model.
    /// - Parameter name: `org/name`, or `org/name@revision` with a branch, a tag or a commit.
    /// - Throws: ``ModelError/notFound(name:advice:)`` with the command that downloads it.
    package func folder(of name: String) throws(ModelError) -> String {
        guard let (repository, revision) = Self.parse(name) else {
            throw .notFound(name: name, advice: "a model of the hub is named org/name or org/name@revision")
        }
        let base = "\(folder)/models--" + repository.replacingOccurrences(of: "/", with: "--")
        let command = "hf download \(repository)" + (revision == "main" ? "" : " --revision \(revision)")
        let snapshot = Self.reference("\(base)/refs/\(revision)") ?? revision
        let found = "\(base)/snapshots/\(snapshot)"
        if Self.isFolder(found) { return found }
        let snapshots = snapshots(of: base)
        // A tool that fetches by commit writes no reference.
        if revision == "main", snapshots.count == 1 { return "\(base)/snapshots/\(snapshots[0])" }
        var there = ""
        if !snapshots.isEmpty {
            let names = snapshots.prefix(5).map { "\(repository)@\($0)" }.joined(separator: ", ")
            there = "; of this model the cache has \(names)" + (snapshots.count > 5 ? " and others" : "")
        }
        throw .notFound(
            name: name, advice: "it is not in the hub cache \(folder)\(there); download it with: \(command)")
    }

    /// The models that the cache holds, by name and revision, each with what keeps it from being loaded; those found
    /// until `isCancelled` says that nobody wants them any more.
    package func entries(isCancelled: @escaping @Sendable () -> Bool = { false }) -> [Entry] {
        let files = FileManager.default
        return ((try? files.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            .filter { $0.hasPrefix("models--") }
            .prefix { _ in !isCancelled() }
            .flatMap { directory -> [Entry] in
                let base = "\(folder)/\(directory)"
                let name = directory.dropFirst("models--".count).components(separatedBy: "--").joined(separator: "/")
                var revisions = references(under: "\(base)/refs")
                // Names are compared by their bytes: two that look alike may be two folders.
                let named = Set(revisions.map { Array($0.snapshot.utf8) })
                for snapshot in snapshots(of: base) where !named.contains(Array(snapshot.utf8)) {
                    revisions.append((snapshot, snapshot))
                }
                return revisions.compactMap { revision, snapshot in
                    let path = "\(base)/snapshots/\(snapshot)"
                    guard Self.isFolder(path) else { return nil }
                    do throws(ModelError) {
                        return Entry(
                            name: name, revision: revision, folder: path, problem: nil,
                            summary: try LoadedModel.summary(folder: path, isCancelled: isCancelled))
                    } catch {
                        return Entry(name: name, revision: revision, folder: path, problem: error, summary: nil)
                    }
                }
            }
    }

    private func references(under folder: String) -> [(revision: String, snapshot: String)] {
        guard let paths = FileManager.default.enumerator(atPath: folder) else { return [] }
        return paths.compactMap { $0 as? String }.sorted().compactMap { path in
            Self.reference("\(folder)/\(path)").map { (path, $0) }
        }
    }

    /// The folders of snapshots that a model has.
    private func snapshots(of base: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(base)/snapshots")) ?? []).sorted()
            .filter { Self.isFolder("\(base)/snapshots/\($0)") }
    }

    /// The snapshot's name that a reference file holds: a commit's 40 digits, or a little more.
    static func reference(_ path: String) -> String? {
        guard let bytes = try? SmallFile.bytes(of: path, limit: 1024) else { return nil }
        let name = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return name.isEmpty || name.contains("/") || name.hasPrefix(".") ? nil : name
    }

    private static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}
