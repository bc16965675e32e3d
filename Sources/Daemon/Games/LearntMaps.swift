import Digests
import Interactions
import LinearAlgebra
import Logging
import Synchronization

/// Which images teach each other: those of one model, masked in one way.
package struct LearntMapKey: Hashable, Sendable {
    let model: GameModel
    let masking: String

    package init(model: GameModel, masking: String) {
        self.model = model
        self.masking = masking
    }

    /// What its files are called by, whatever state the model's files are in.
    fileprivate var fileName: String {
        let name = "map|\(model.folder)|\(masking)"
        return Array(name.utf8).withUnsafeBytes { sha256($0) }
    }

    /// The first line of its files.
    fileprivate var header: String { "\(fileName) \(model.weights)" }
}

/// A map that was learnt, and the name it is known by.
package struct LearntMap: Sendable, Equatable {
    package let map: PatchMap
    /// Sixteen hexadecimal digits of a digest of it.
    package let name: String

    fileprivate init(_ map: PatchMap) {
        self.map = map
        name = String(map.serialized().withUnsafeBytes { sha256($0) }.prefix(16))
    }
}

/// What a daemon's games teach about images that have not been masked yet: for each model and masking a ``PatchMap``,
/// kept in the state folder and solved anew as images are added.
///
/// A file that is damaged or of other weights is dropped with a warning. Earlier maps stay for a while under their
/// names, so that a long run can keep to the one it began with.
package final class LearntMaps: Sendable {
    private struct Entry {
        var sums: PatchMapSums
        var map: LearntMap?
    }

    /// Maps kept under their names, of all models.
    private static let namedMaps = 16
    /// A file is five times two square matrices and a number for each image.
    private static func mostBytes(_ dimension: Int) -> Int { 44 * dimension * dimension + (1 << 20) }

    private let archive: GameArchive
    private let threads: WorkThreads
    private let logger: Logger
    private let entries = Mutex<[LearntMapKey: Entry]>([:])

    /// - Parameter threads: those that read and write the archive, and solve.
    package init(_ archive: GameArchive, on threads: WorkThreads, logger: Logger) {
        self.archive = archive
        self.threads = threads
        self.logger = logger
    }

    /// The map learnt so far; nil where too little was learnt.
    package func current(_ key: LearntMapKey, dimension: Int) async throws -> LearntMap? {
        if let entry = entries.withLock({ $0[key] }) { return entry.map }
        return try await threads.run { [self] _ in entry(key, dimension).map }
    }

    /// The map of a name; nil where it is no longer kept.
    package func named(_ name: String, _ key: LearntMapKey, dimension: Int) async throws -> LearntMap? {
        if let current = try await current(key, dimension: dimension), current.name == name { return current }
        return try await threads.run { [self] _ in
            read("\(name).\(Self.mapSuffix)", key, dimension) {
                LearntMap(try PatchMap(serialized: $0, dimension: dimension))
            }
        }
    }

    /// Adds an image's game, and solves the map anew where that is worthwhile.
    /// - Parameters:
    ///   - image: a number that belongs to the image.
    ///   - coefficients: B_i of its patches, `[patches, dimension]`.
    ///   - weight: how certain they are, above 0; at most 1.
    /// - Returns: the map from here on.
    @discardableResult
    package func learn(
        _ key: LearntMapKey, image: UInt64, _ prior: PatchPrior, coefficients: Matrix<Double>, weight: Double
    ) async throws -> LearntMap? {
        try await threads.run { [self] turn in
            let dimension = prior.deviations.columns
            _ = entry(key, dimension)
            let isNew = entries.withLock { entries in
                entries[key]?.sums.add(image, prior, coefficients: coefficients, weight: weight) ?? false
            }
            guard isNew, let sums = entries.withLock({ $0[key]?.sums }) else {
                return entries.withLock { $0[key]?.map }
            }
            let known = entries.withLock { $0[key]?.map?.map.images ?? 0 }
            if sums.images >= known + Self.imagesBetweenMaps(known, dimension), let map = sums.map() {
                let learnt = LearntMap(map)
                entries.withLock { $0[key]?.map = learnt }
                write("\(learnt.name).\(Self.mapSuffix)", key, map.serialized())
                for old in archive.names(endingIn: ".\(Self.mapSuffix)").dropFirst(Self.namedMaps) {
                    archive.remove(old)
                }
            }
            write("\(key.fileName).\(Self.sumsSuffix)", key, sums.serialized())
            return entries.withLock { $0[key]?.map }
        }
    }

    /// Whether the image was learnt from before.
    package func knows(_ image: UInt64, _ key: LearntMapKey) -> Bool {
        entries.withLock { $0[key]?.sums.contains(image) ?? false }
    }

    /// How many more images are worth another map: one where it is solved in milliseconds, and a growing share of
    /// those known where it takes a second.
    private static func imagesBetweenMaps(_ known: Int, _ dimension: Int) -> Int { max(1, known * dimension / 8192) }

    private static let sumsSuffix = "learnt"
    private static let mapSuffix = "map"

    /// What was learnt, read where that has not been done.
    private func entry(_ key: LearntMapKey, _ dimension: Int) -> Entry {
        if let entry = entries.withLock({ $0[key] }) { return entry }
        let kept = read("\(key.fileName).\(Self.sumsSuffix)", key, dimension) {
            try PatchMapSums(serialized: $0, dimension: dimension)
        }
        let sums = kept ?? PatchMapSums(dimension: dimension)
        let entry = Entry(sums: sums, map: sums.map().map { LearntMap($0) })
        return entries.withLock { entries in
            if let known = entries[key] { return known }
            entries[key] = entry
            return entry
        }
    }

    private func read<Value>(
        _ file: String, _ key: LearntMapKey, _ dimension: Int, _ parse: ([UInt8]) throws -> Value
    ) -> Value? {
        guard let bytes = archive.contents(of: file, upTo: Self.mostBytes(dimension)) else { return nil }
        do {
            let line = Array((key.header + "\n").utf8)
            guard bytes.starts(with: line) else { throw InteractionError.corruptState("it is of other weights") }
            return try parse(Array(bytes[line.count...]))
        } catch {
            logger.warning("what games taught was dropped", metadata: ["file": "\(file)", "reason": "\(error)"])
            archive.remove(file)
            return nil
        }
    }

    /// Nothing that would take more than a quarter of the folder is kept.
    private func write(_ file: String, _ key: LearntMapKey, _ bytes: [UInt8]) {
        guard bytes.count <= archive.limit / 4 else {
            logger.info(
                "what games taught is too large for the state folder",
                metadata: ["file": "\(file)", "bytes": "\(bytes.count)", "limit": "\(archive.limit) (--state-limit)"])
            return
        }
        do throws(GameArchiveError) {
            try archive.replace(contentsOf: file, Array((key.header + "\n").utf8) + bytes)
        } catch {
            logger.warning(
                "what games taught could not be kept", metadata: ["file": "\(error.file)", "reason": "\(error.reason)"])
        }
    }
}
