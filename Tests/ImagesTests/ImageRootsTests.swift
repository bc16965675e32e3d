import Foundation
import Images
import Testing

/// A folder tree of its own, removed at the end:
/// `inside/picture.png`, `inside/sub/`, `inside/link-out → ../outside`, `inside/link-in → picture.png`,
/// `inside-too/picture.png`, `outside/picture.png`.
final class ImageRootsTests {
    let base: String
    let files = FileManager.default

    init() throws {
        base = NSTemporaryDirectory() + "image-roots-" + UUID().uuidString
        for folder in ["inside/sub", "inside-too", "outside"] {
            try files.createDirectory(atPath: base + "/" + folder, withIntermediateDirectories: true)
        }
        for folder in ["inside", "inside-too", "outside"] {
            try files.copyItem(
                atPath: PillowFixtures.folder + "/1x1.png", toPath: base + "/" + folder + "/picture.png")
        }
        try files.createSymbolicLink(atPath: base + "/inside/link-out", withDestinationPath: "../outside")
        try files.createSymbolicLink(atPath: base + "/inside/link-in", withDestinationPath: "picture.png")
        try files.createSymbolicLink(atPath: base + "/inside/loop", withDestinationPath: "loop")
    }

    deinit { try? FileManager.default.removeItem(atPath: base) }

    @Test("paths inside a root are read, links resolved")
    func inside() throws {
        let roots = try ImageRoots([base + "/inside/../inside"])
        for path in ["picture.png", "link-in", "sub/../picture.png", "./picture.png"] {
            #expect(try roots.resolve(base + "/inside/" + path).hasSuffix("/inside/picture.png"))
            #expect(try ImageSource.path(base + "/inside/" + path).load(roots: roots).width == 1)
        }
    }

    @Test("neither .. nor a link leads outside, whether or not anything is there")
    func outside() throws {
        let roots = try ImageRoots([base + "/inside"])
        let paths = [
            base + "/outside/picture.png", base + "/inside/../outside/picture.png",
            base + "/inside/link-out/picture.png", base + "/inside/link-out", base + "/inside-too/picture.png",
            base + "/outside/nothing.png", base + "/inside/link-out/nothing.png",
            base + "/inside/nothing/../../outside/picture.png", "/etc/passwd", "/nothing/at/all", base,
        ]
        for path in paths {
            let error = #expect(throws: ImageError.self, "\(path)") { try roots.resolve(path) }
            #expect(error?.kind == .pathNotAllowed, "\(path)")
            #expect(throws: ImageError.self) { try ImageSource.path(path).load(roots: roots) }
        }
    }

    @Test("what is missing or no picture inside a root is unreadable")
    func unreadable() throws {
        let roots = try ImageRoots([base + "/inside", base + "/inside-too"])
        for path in ["nothing.png", "sub/nothing.png", "sub", "", "loop"].map({ base + "/inside/" + $0 }) + [
            "", "a\0b",
        ] {
            let error = #expect(throws: ImageError.self, "\(path)") { try ImageSource.path(path).load(roots: roots) }
            #expect(error?.kind == .imageUnreadable, "\(path)")
        }
        #expect(try ImageSource.path(base + "/inside-too/picture.png").load(roots: roots).width == 1)
    }

    @Test("without roots every regular file is read, and nothing else")
    func anywhere() throws {
        #expect(try ImageSource.path(base + "/outside/picture.png").load().width == 1)
        #expect(mkfifo(base + "/pipe", 0o600) == 0)
        for path in [base + "/pipe", "/dev/zero", base] {
            let error = #expect(throws: ImageError.self) { try ImageSource.path(path).load() }
            #expect(error?.kind == .imageUnreadable)
        }
        let limits = ImageLimits(fileBytes: 10)
        let error = #expect(throws: ImageError.self) {
            try ImageSource.path(base + "/outside/picture.png").load(limits: limits)
        }
        #expect(error?.kind == .imageTooLarge)
    }

    @Test("a root must be a folder")
    func wrongRoot() {
        for root in [base + "/nothing", base + "/inside/picture.png"] {
            #expect(throws: ImageError.self) { try ImageRoots([root]) }
        }
    }
}
