import Foundation
import Images
import SystemPackage
import Testing

@Suite("Which content of a file it is", .timeLimit(.minutes(10)))
struct FileIdentityTests {
    private func withFile(_ body: (FilePath) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("a.png").path
        try Data("one".utf8).write(to: URL(fileURLWithPath: file))
        try body(FilePath(file))
    }

    private func identity(_ path: FilePath) throws -> FileIdentity {
        let file = try ImageRoots.anywhere.open(path, limit: 100)
        return file.identity
    }

    @Test("it is the same while nobody writes, and another for content that is written or moved there")
    func changes() throws {
        try withFile { path in
            let first = try identity(path)
            #expect(try identity(path) == first)
            try Data("longer".utf8).write(to: URL(fileURLWithPath: path.string))
            let second = try identity(path)
            #expect(second != first)
            let other = path.string + ".new"
            try Data("longes".utf8).write(to: URL(fileURLWithPath: other))
            #expect(rename(other, path.string) == 0)
            #expect(try identity(path) != second)
        }
    }

    @Test("times that a writer sets back do not hide that it wrote")
    func timesSetBack() throws {
        try withFile { path in
            var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000_000, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, path.string, &times, 0) == 0)
            let first = try identity(path)
            usleep(20_000)
            try Data("two".utf8).write(to: URL(fileURLWithPath: path.string), options: [])
            #expect(utimensat(AT_FDCWD, path.string, &times, 0) == 0)
            #expect(try identity(path) != first)
        }
    }

    @Test("a file is settled two seconds after it was written, and not before")
    func settled() throws {
        try withFile { path in
            let file = try identity(path)
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
            #expect(!file.isSettled(at: now))
            #expect(file.isSettled(at: now + 2_100_000_000))
        }
    }
}
