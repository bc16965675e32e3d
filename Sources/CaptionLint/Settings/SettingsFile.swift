import Foundation
import JSON
import TOMLKit

/// `.fixlip.toml`, or the table `[tool.fixlip]` of `pyproject.toml`, in a document's folder or the nearest above it.
package struct SettingsFile: Sendable, Equatable {
    package let path: String
    package let settings: JSONValue

    private static let limit = 1 << 20

    package init(path: String, settings: JSONValue) {
        self.path = path
        self.settings = settings
    }

    /// The nearest file above a folder; of two in one folder `.fixlip.toml`.
    /// - Throws: ``SettingsError`` for a file that cannot be read.
    package static func nearest(to folder: String) throws(SettingsError) -> SettingsFile? {
        var rest = Substring(folder)
        while true {
            let base = rest.hasSuffix("/") ? String(rest.dropLast()) : String(rest)
            let own = base + "/.fixlip.toml"
            if FileManager.default.fileExists(atPath: own) {
                return SettingsFile(path: own, settings: try read(own))
            }
            let shared = base + "/pyproject.toml"
            if FileManager.default.fileExists(atPath: shared), let all = try? read(shared),
                let table = all["tool"]?["fixlip"]
            {
                return SettingsFile(path: shared, settings: table)
            }
            guard !base.isEmpty, let slash = base.lastIndex(of: "/") else { return nil }
            rest = Substring(base[..<slash])
        }
    }

    /// A file's table.
    package static func read(_ path: String) throws(SettingsError) -> JSONValue {
        do {
            return try parse(try SmallFile.bytes(of: path, limit: limit), path: path)
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError("\(path): \(error)")
        }
    }

    /// The table of a TOML text.
    /// - Parameter path: how errors name the text.
    package static func parse(_ bytes: [UInt8], path: String) throws(SettingsError) -> JSONValue {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsError("\(path): the file is not UTF-8 text")
        }
        do {
            return try JSONValue(parsing: try TOMLTable(string: text).convert(to: .json))
        } catch let error as TOMLParseError {
            throw SettingsError("\(path):\(error.source.begin.line): \(error.description)")
        } catch {
            throw SettingsError("\(path): \(error)")
        }
    }

    /// The settings with those of this file over them; folders in `roots`, and a model's that begins with a
    /// dot, start at the file's.
    /// - Throws: ``SettingsError`` that names the file.
    package func over(_ settings: LintSettings) throws(SettingsError) -> LintSettings {
        var result = settings
        do throws(SettingsError) {
            try result.apply(self.settings)
        } catch {
            throw SettingsError("\(path): \(error)")
        }
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if self.settings["model"] != nil, let name = result.model, name.hasPrefix(".") {
            result.model = folder + "/" + name
        }
        if self.settings["roots"] != nil {
            result.roots = result.roots.map { $0.hasPrefix("/") ? $0 : folder + "/" + $0 }
        }
        return result
    }
}
