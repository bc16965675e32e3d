import Foundation
import JSON
import Testing

/// The files of `protocol/`, from whatever clone the tests run in.
enum ContractFiles {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../protocol").standardized

    static func json(_ path: String) throws -> JSONValue {
        try JSONValue(contentsOf: folder.appendingPathComponent(path).path)
    }

    static func schema(_ type: String) throws -> JSONValue { try json("schemas/\(type).schema.json") }

    /// The valid examples of a type: file name and value.
    static func validExamples(_ type: String) throws -> [(name: String, value: JSONValue)] {
        let directory = folder.appendingPathComponent("examples/\(type)/valid")
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map {
            ($0, try JSONValue(contentsOf: directory.appendingPathComponent($0).path))
        }
    }

    /// The methods of openrpc.json.
    static func methods(notifications: Bool, direction: String) throws -> Set<String> {
        let methods = try json("openrpc.json")["methods"]?.array ?? []
        return Set(
            methods.filter {
                ($0["x-notification"]?.bool ?? false) == notifications && $0["x-direction"]?.string == direction
            }.compactMap { $0["name"]?.string })
    }
}
