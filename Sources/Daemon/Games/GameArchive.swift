import Foundation
import Interactions
import Logging

/// Games kept in a folder over a restart of the daemon, one file each: a line that names the game and the state of its model, then the masks.
/// A file that is damaged, or of another game or model, is dropped with a warning. Blocks: not for the cooperative pool.
struct GameArchive: Sendable {
    let folder: String
    /// Bytes the folder may hold; the files longest unused go first.
    let limit: Int
    let logger: Logger

    /// - Throws: `ApplicationError` where the folder cannot be made or written to.
    init(folder: String, limit: Int, logger: Logger) throws {
        self.folder = folder
        self.limit = limit
        self.logger = logger
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ApplicationError(.pathNotAllowed, "the state folder \(folder) cannot be made: \(error.localizedDescription)")
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            throw ApplicationError(
                .pathNotAllowed, "the state folder \(folder) cannot be written to: \(String(cString: strerror(errno)))")
        }
    }

    /// The game of `key`, if it was kept and still fits.
    func read(_ key: GameKey, players: Int, dimension: Int) -> GameSamples? {
        let path = path(of: key)
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        func drop(_ reason: String) {
            logger.warning("a kept game was dropped", metadata: ["file": "\(path)", "reason": "\(reason)"])
            try? FileManager.default.removeItem(atPath: path)
        }
        guard let end = data.firstIndex(of: UInt8(ascii: "\n")) else {
            drop("it has no header")
            return nil
        }
        let header = String(decoding: data[..<end], as: UTF8.self)
        guard header.hasPrefix(key.digest + " ") else {
            drop("it is not this game's: the file was exchanged, or another version wrote it")
            return nil
        }
        guard header == key.header else {
            drop("it belongs to another state of the model")
            return nil
        }
        do throws(InteractionError) {
            let samples = try GameSamples(serialized: [UInt8](data[(end + 1)...]))
            guard samples.players == players, samples.dimension == dimension else {
                drop("it has other players")
                return nil
            }
            // The time of last use decides which files stay.
            try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
            return samples
        } catch {
            drop("\(error)")
            return nil
        }
    }

    /// Replaces what is kept of a game, whole or not at all.
    func write(_ key: GameKey, _ samples: GameSamples) {
        let path = path(of: key)
        let bytes = Data((key.header + "\n").utf8) + samples.serialized()
        do {
            try bytes.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            logger.warning(
                "a game could not be kept", metadata: ["file": "\(path)", "reason": "\(error.localizedDescription)"])
        }
        prune()
    }

    private func path(of key: GameKey) -> String {
        "\(folder)/\(key.digest).game"
    }

    private func prune() {
        let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
        let files =
            (try? FileManager.default.contentsOfDirectory(
                at: URL(fileURLWithPath: folder), includingPropertiesForKeys: Array(keys))) ?? []
        var known = files.filter { $0.pathExtension == "game" }.compactMap { file -> (URL, Int, Date)? in
            guard let values = try? file.resourceValues(forKeys: keys), let size = values.fileSize,
                let date = values.contentModificationDate
            else { return nil }
            return (file, size, date)
        }
        var total = known.reduce(0) { $0 + $1.1 }
        guard total > limit else { return }
        known.sort { $0.2 < $1.2 }
        for (file, size, _) in known where total > limit {
            try? FileManager.default.removeItem(at: file)
            total -= size
        }
    }
}
