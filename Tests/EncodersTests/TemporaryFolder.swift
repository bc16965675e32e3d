import Foundation

/// A folder that is removed when it is no longer referred to.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "encoders-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// A copy of a fixture's model.
    convenience init(copying fixture: String) throws {
        try self.init()
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(Fixture.root)/\(fixture)") {
            try FileManager.default.copyItem(atPath: "\(Fixture.root)/\(fixture)/\(name)", toPath: "\(path)/\(name)")
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ name: String, _ text: String) throws {
        let target = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: target)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    func rename(_ name: String, _ other: String) throws {
        try FileManager.default.moveItem(atPath: "\(path)/\(name)", toPath: "\(path)/\(other)")
    }

    func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
}
