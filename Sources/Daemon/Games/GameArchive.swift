import Foundation
import Interactions
import JSONRPC
import Logging
import Synchronization

/// Games kept in a folder over a restart of the daemon, one `GameFile` each. A file that is damaged, or of another game
/// or model, is dropped with a warning. Blocks: not for the cooperative pool.
package final class GameArchive: Sendable {
    let folder: String
    /// Bytes the folder may hold; the files longest unused go first.
    let limit: Int
    let logger: Logger
    /// Half-written files from before are nobody's any more: the daemon that wrote them was killed.
    private let start = Date()
    /// Bytes that may be written before the folder is looked through again; to list it takes time where there are many
    /// games.
    private let unlisted = Mutex(0)

    /// - Throws: `ApplicationError` where the folder cannot be made or written to, or others can write to it.
    package init(folder: String, limit: Int, logger: Logger) throws {
        self.folder = folder
        self.limit = limit
        self.logger = logger
        do {
            try Self.make(folder)
        } catch {
            throw ApplicationError(
                .pathNotAllowed, "the state folder \(folder) cannot be made: \(error.localizedDescription)")
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            throw ApplicationError(
                .pathNotAllowed, "the state folder \(folder) cannot be written to: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard stat(folder, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw ApplicationError(
                .pathNotAllowed,
                "others can write to the state folder \(folder), and so change what is kept there; "
                    + "run: chmod go-w \(shellQuoted(folder)), or choose a folder of your own")
        }
    }

    private static func make(_ folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// The game of `key`, if it was kept, is still of these weights, and takes no more memory than `room`.
    package func read(_ key: GameKey, players: Int, dimension: Int, upTo room: Int) -> GameSamples? {
        let path = path(of: key)
        // A file is its embeddings and little more.
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        guard size <= room else {
            logger.info(
                "a kept game is too large to be read",
                metadata: ["file": "\(path)", "bytes": "\(size)", "room": "\(room)"])
            return nil
        }
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        do throws(GameFileError) {
            let samples = try GameFile.read(
                [UInt8](data), digest: key.digest, header: key.header, players: players, dimension: dimension)
            // The time of last use decides which files stay.
            try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
            return samples
        } catch {
            logger.warning("a kept game was dropped", metadata: ["file": "\(path)", "reason": "\(error)"])
            try? FileManager.default.removeItem(atPath: path)
            return nil
        }
    }

    /// Replaces what is kept of a game, whole or not at all.
    /// - Throws: `GameArchiveError` where it cannot be written; what was kept before stays.
    package func write(_ key: GameKey, _ samples: GameSamples) throws(GameArchiveError) {
        try replace(path(of: key), GameFile.bytes(header: key.header, samples: samples))
    }

    private func replace(_ path: String, _ bytes: [UInt8]) throws(GameArchiveError) {
        let partial = "\(path).\(getpid())\(Self.partialSuffix)"
        defer { pruneIfDue(after: bytes.count) }
        var descriptor = Self.create(partial)
        if descriptor < 0, errno == ENOENT, (try? Self.make(folder)) != nil { descriptor = Self.create(partial) }
        guard descriptor >= 0 else { throw GameArchiveError(path, String(cString: strerror(errno))) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: bytes)
            try file.synchronize()
            try file.close()
            guard rename(partial, path) == 0 else { throw GameArchiveError(path, String(cString: strerror(errno))) }
        } catch {
            unlink(partial)
            throw error as? GameArchiveError ?? GameArchiveError(path, error.localizedDescription)
        }
    }

    /// A file of the folder that is not a game, such as what games taught; at most `limit` bytes long.
    func contents(of name: String, upTo limit: Int) -> [UInt8]? {
        let path = "\(folder)/\(name)"
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        guard size <= limit else { return nil }
        return FileManager.default.contents(atPath: path).map { [UInt8]($0) }
    }

    /// Replaces such a file, whole or not at all.
    /// - Throws: `GameArchiveError` where it cannot be written; what was kept before stays.
    func replace(contentsOf name: String, _ bytes: [UInt8]) throws(GameArchiveError) {
        try replace("\(folder)/\(name)", bytes)
    }

    func remove(_ name: String) { try? FileManager.default.removeItem(atPath: "\(folder)/\(name)") }

    /// The names that end so, those written last before others.
    func names(endingIn suffix: String) -> [String] {
        files.filter { $0.url.lastPathComponent.hasSuffix(suffix) }.sorted { $0.date > $1.date }
            .map(\.url.lastPathComponent)
    }

    /// What lies in the folder, with sizes in bytes and times of last change.
    private var files: [(url: URL, size: Int, date: Date)] {
        let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
        let urls =
            (try? FileManager.default.contentsOfDirectory(
                at: URL(fileURLWithPath: folder), includingPropertiesForKeys: Array(keys))) ?? []
        return urls.compactMap { url in
            guard let values = try? url.resourceValues(forKeys: keys), let size = values.fileSize,
                let date = values.contentModificationDate
            else { return nil }
            return (url, size, date)
        }
    }

    private static func create(_ path: String) -> Int32 {
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }

    /// What a file is called until it is whole, after the game's own file and the number of the process.
    private static let partialSuffix = ".game-partial"

    private func path(of key: GameKey) -> String {
        "\(folder)/\(key.digest).game"
    }

    /// Looks through the folder at the first write, and then before what was written since could exceed the limit.
    private func pruneIfDue(after written: Int) {
        let isDue = unlisted.withLock { left in
            left -= written
            return left < 0
        }
        guard isDue else { return }
        let kept = prune()
        unlisted.withLock { $0 = limit - kept }
    }

    /// Removes the games longest unused where there is too much, down to nine tenths, and what killed daemons left.
    /// - Returns: bytes that are left.
    private func prune() -> Int {
        let known = files
        for file in known where file.url.lastPathComponent.hasSuffix(Self.partialSuffix) && file.date < start {
            try? FileManager.default.removeItem(at: file.url)
        }
        let games = known.filter { $0.url.pathExtension == "game" }.sorted { $0.date < $1.date }
        // What games taught counts, and stays: the games go.
        var total = known.reduce(0) { $0 + $1.size }
        guard total > limit else { return total }
        for game in games where total > limit / 10 * 9 {
            try? FileManager.default.removeItem(at: game.url)
            total -= game.size
        }
        return total
    }
}

/// Why a game could not be kept.
package struct GameArchiveError: Error, Equatable {
    let file: String
    let reason: String

    init(_ file: String, _ reason: String) {
        self.file = file
        self.reason = reason
    }
}
