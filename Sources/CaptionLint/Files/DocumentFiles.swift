import Foundation
import JSON

/// Which files of folders are documents with captions.
package enum DocumentFiles {
    private static let limit = 16 << 20

    /// The documents among files and in folders, in order, each once. A file that is named counts whatever its ending;
    /// in folders, files that Git ignores and hidden ones are left out, and so is `node_modules`.
    /// - Throws: ``SettingsError`` for a name that is not there.
    package static func documents(in paths: [String]) throws(SettingsError) -> [String] {
        var found: [String] = []
        var seen: Set<[UInt8]> = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw SettingsError("\(path): there is no such file or folder")
            }
            let files = isFolder.boolValue ? tracked(in: path) ?? walked(path) : [path]
            for file in files where seen.insert(Array(file.utf8)).inserted {
                if !isFolder.boolValue || Languages.language(ofFile: file) != nil { found.append(file) }
            }
        }
        return found
    }

    /// The text of a file, without the byte order mark that some editors write.
    /// - Throws: `JSONError.unreadable`, also for what is not UTF-8.
    package static func text(of path: String) throws(JSONError) -> String {
        let bytes = try SmallFile.bytes(of: path, limit: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "it is not UTF-8 text")
        }
        return text
    }

    /// What Git knows or would add; nil outside of a repository, or without Git.
    private static func tracked(in folder: String) -> [String]? {
        let git = Process()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = ["git", "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        let output = Pipe()
        git.standardInput = FileHandle.nullDevice
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return nil }
        let bytes = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { return nil }
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        return bytes.split(separator: 0).compactMap { name in
            guard let name = String(validating: name, as: UTF8.self) else { return nil }
            let path = base + name
            return FileManager.default.fileExists(atPath: path) ? path : nil
        }.sorted()
    }

    private static func walked(_ folder: String) -> [String] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        return names.flatMap { name -> [String] in
            guard !name.hasPrefix("."), name != "node_modules" else { return [] }
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            switch attributes?[.type] as? FileAttributeType {
            case .typeDirectory?: return walked(path)
            case .typeRegular?: return [path]
            default: return []
            }
        }
    }
}

/// What is wrong with settings, in the words of somebody who wrote them.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
