import Foundation
import JSON

/// What a line of the output may have, of any kind as yet; the file may not be ours.
struct ResultLine: Decodable {
    struct Failure: Decodable {
        var kind: String?
        var code: Int?
        var message: String?
    }

    var id: JSONValue?
    var request: JSONValue?
    /// The number of a line of the input that was not a pair, and a digest of what it said.
    var line: JSONValue?
    var digest: JSONValue?
    var error: JSONValue?
    /// The map that the estimates begin with; absent without one.
    var learnt: JSONValue?
    var looR2: JSONValue?
    var imageMasks: JSONValue?
    var textMasks: JSONValue?
}

/// The output of a batch: one line for each finished or failed pair, appended whole or not at all.
final class ResultFile {
    enum Failure: Error, CustomStringConvertible {
        case cannotOpen(path: String, reason: String)
        case inUse(path: String)
        case foreign(path: String, line: Int)
        case cannotWrite(path: String, reason: String)

        var description: String {
            switch self {
            case .cannotOpen(let path, let reason): "\(path) cannot be opened: \(reason)"
            case .inUse(let path): "another 'fixlipd batch' is writing to \(path)"
            case .foreign(let path, let line):
                "line \(line) of \(path) was not written by 'fixlipd batch'; choose another file, or replace it with --force"
            case .cannotWrite(let path, let reason):
                "\(path) cannot be written to: \(reason); what is in it is whole, and the same command resumes from there"
            }
        }
    }

    /// What is known of a pair that was done before.
    struct Record {
        let digest: String
        let hasFailed: Bool
        /// What was expected of the image; nil of a failure.
        var prior: String?
    }

    let path: String
    /// What is known of each pair, by the JSON text of its id.
    private(set) var records: [String: Record] = [:]
    /// How many lines of the input with each digest were not pairs, less those that `takeBadLine` has found again.
    private var badLines: [String: Int] = [:]
    /// What the first result said is expected of images before their masks, which all others are to begin with; nil
    /// before the first.
    private(set) var prior: String?
    private var descriptor: Int32
    /// Whether there was no such file before.
    private let wasMade: Bool
    private var lastSync = ContinuousClock.now
    /// Where the last whole line ends.
    private var end: off_t = 0
    private var failures = 0

    /// How long results that come one after the other may stay in memory before they are made to reach the disk.
    private static let syncInterval = Duration.seconds(2)

    /// Opens or makes the file and reads what is in it. Changes nothing.
    /// - Parameter ignoresContent: whether what is in it is going to be replaced.
    init(path: String, ignoresContent: Bool) throws {
        self.path = path
        if let made = try? Self.locked(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC) {
            (descriptor, wasMade) = (made, true)
        } else {
            (descriptor, wasMade) = (try Self.locked(path, O_RDWR | O_CREAT | O_CLOEXEC), false)
        }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw Failure.cannotOpen(path: path, reason: "it is not a regular file")
        }
        if !ignoresContent { try read() }
    }

    deinit { close(descriptor) }

    var isEmpty: Bool { records.isEmpty && badLines.isEmpty }
    var failureCount: Int { failures }

    /// Takes the file away if it was not there before and has nothing in it.
    func removeIfUnused() -> Bool { wasMade && end == 0 && FileName(path).withCString { unlink($0) } == 0 }

    /// Removes everything that is to be written anew: a line cut off by a kill, and with `retry` the failures.
    func prepare(retry: Bool) throws {
        if retry && failures > 0 {
            try rewrite { _, record in !record.hasFailed }
            records = records.filter { !$0.value.hasFailed }
            badLines = [:]
        }
        guard ftruncate(descriptor, end) == 0 else {
            throw Failure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// Appends a line; what a full disk takes of it only in part is taken back.
    func append(_ line: JSONValue) throws {
        let bytes = try line.serialized() + [UInt8(ascii: "\n")]
        try Self.write(bytes, to: descriptor, at: end, path)
        end += off_t(bytes.count)
        if line.object?.keys.contains("error") == true {
            failures += 1
        } else {
            prior = prior ?? Self.prior(line["learnt"])
        }
        if ContinuousClock.now - lastSync >= Self.syncInterval { try sync() }
    }

    /// - Parameter learnt: that member of a result.
    private static func prior(_ learnt: JSONValue?) -> String { learnt?["map"]?.string ?? "pass" }

    /// Whether the file has an error for a line of the input with this digest. Each error is for one such line.
    func takeBadLine(_ digest: String) -> Bool {
        guard let count = badLines[digest] else { return false }
        badLines[digest] = count > 1 ? count - 1 : nil
        return true
    }

    /// Removes the errors of lines that were not taken: the input no longer has them.
    func dropOtherBadLines() throws {
        guard !badLines.isEmpty else { return }
        try rewrite { badLine, _ in badLine.map { !takeBadLine($0) } ?? true }
    }

    /// Returns once everything is on the disk.
    func sync() throws {
        lastSync = .now
        guard fsync(descriptor) == 0 else {
            throw Failure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// What a line says about a pair; nil where it is not a line of a batch.
    static func record(_ line: ArraySlice<UInt8>) -> (key: String?, badLine: String?, record: Record)? {
        guard let value = try? JSONValue(parsing: Array(line)).decode(ResultLine.self) else { return nil }
        let hasFailed = value.error != nil
        if value.line?.int != nil, hasFailed, value.id == nil {
            return (nil, value.digest?.string ?? "", Record(digest: "", hasFailed: true))
        }
        guard let id = value.id, let digest = value.request?.string, let key = try? id.canonicalText() else {
            return nil
        }
        return (
            key, nil,
            Record(digest: digest, hasFailed: hasFailed, prior: hasFailed ? nil : prior(value.learnt))
        )
    }

    private func read() throws {
        let lines = try LineReader(path: path)
        while let line = try lines.next() {
            guard lines.isWhole else {
                // Cut off by a kill: it begins as ours do, and is written anew. After a power cut it may be zeros.
                let isOurs = ["\0", #"{"id":"#, #"{"line":"#].contains { start in
                    zip(line, start.utf8).allSatisfy { $0 == $1 }
                }
                guard isOurs else { throw Failure.foreign(path: path, line: lines.number) }
                return
            }
            guard let (key, badLine, record) = Self.record(line) else {
                throw Failure.foreign(path: path, line: lines.number)
            }
            end = off_t(lines.offset)
            if record.hasFailed { failures += 1 }
            if let badLine { badLines[badLine, default: 0] += 1 }
            if let key { records[key] = record }
            prior = prior ?? record.prior
        }
    }

    /// Replaces the file by one with some of its lines, whole or not at all.
    /// - Parameter isKept: gets the digest of the input's line, where that was not a pair, and what is known of the
    ///   result.
    private func rewrite(keeping isKept: (String?, Record) -> Bool) throws {
        let temporary = path + ".partial"
        let other = try Self.locked(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC)
        do {
            var length: off_t = 0
            var failed = 0
            let lines = try LineReader(path: path)
            while let line = try lines.next() {
                guard let (_, badLine, record) = Self.record(line), isKept(badLine, record) else { continue }
                if record.hasFailed { failed += 1 }
                let bytes = line + [UInt8(ascii: "\n")]
                try Self.write(Array(bytes), to: other, at: length, temporary)
                length += off_t(bytes.count)
            }
            guard fsync(other) == 0, Self.rename(temporary, path) else {
                throw Failure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
            }
            close(descriptor)
            descriptor = other
            end = length
            failures = failed
        } catch {
            close(other)
            _ = FileName(temporary).withCString { unlink($0) }
            throw error
        }
    }

    private static func locked(_ path: String, _ flags: Int32) throws(Failure) -> Int32 {
        let descriptor = FileName(path).open(flags)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .inUse(path: path)
        }
        return descriptor
    }

    private static func rename(_ old: String, _ new: String) -> Bool {
        FileName(old).withCString { old in FileName(new).withCString { Glibc.rename(old, $0) } } == 0
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, at start: off_t, _ path: String) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done, start + off_t(done))
            }
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                let reason = count == 0 ? "nothing more is taken" : String(cString: strerror(errno))
                ftruncate(descriptor, start)
                throw .cannotWrite(path: path, reason: reason)
            }
        }
    }
}
