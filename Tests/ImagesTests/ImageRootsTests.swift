import Foundation
import Images
import SystemPackage
import Testing

/// A folder tree of its own, removed at the end:
/// `inside/picture.png`, `inside/sub/`, `inside/link-out → ../outside`, `inside/link-in → picture.png`,
/// `inside-too/picture.png`, `outside/picture.png`.
@Suite(.timeLimit(.minutes(10)))
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
            #expect(try roots.resolve(FilePath(base + "/inside/" + path)).ends(with: "inside/picture.png"))
            #expect(try ImageSource(path: base + "/inside/" + path).load(roots: roots).width == 1)
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
            let error = #expect(throws: ImageError.self, "\(path)") { try roots.resolve(FilePath(path)) }
            #expect(error?.kind == .pathNotAllowed, "\(path)")
            #expect(throws: ImageError.self) { try ImageSource(path: path).load(roots: roots) }
        }
    }

    @Test("what is missing or no picture inside a root is unreadable")
    func unreadable() throws {
        let roots = try ImageRoots([base + "/inside", base + "/inside-too"])
        for path in ["nothing.png", "sub/nothing.png", "sub", "", "loop"].map({ base + "/inside/" + $0 }) + [
            "", "a\0b",
        ] {
            let error = #expect(throws: ImageError.self, "\(path)") { try ImageSource(path: path).load(roots: roots) }
            #expect(error?.kind == .imageUnreadable, "\(path)")
        }
        #expect(try ImageSource(path: base + "/inside-too/picture.png").load(roots: roots).width == 1)
    }

    @Test("without roots every regular file is read, and nothing else")
    func anywhere() throws {
        #expect(try ImageSource(path: base + "/outside/picture.png").load().width == 1)
        #expect(mkfifo(base + "/pipe", 0o600) == 0)
        for path in [base + "/pipe", "/dev/zero", base] {
            let error = #expect(throws: ImageError.self) { try ImageSource(path: path).load() }
            #expect(error?.kind == .imageUnreadable)
        }
        let limits = ImageLimits(fileBytes: 10)
        let error = #expect(throws: ImageError.self) {
            try ImageSource(path: base + "/outside/picture.png").load(limits: limits)
        }
        #expect(error?.kind == .imageTooLarge)
    }

    @Test("paths are bytes: a composed and a decomposed name are two folders, and a combining mark begins a name")
    func names() throws {
        let (composed, decomposed) = (base + "/caf\u{e9}", base + "/cafe\u{301}")
        for folder in [composed, decomposed] {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try files.copyItem(atPath: PillowFixtures.folder + "/1x1.png", toPath: folder + "/picture.png")
            try files.copyItem(atPath: PillowFixtures.folder + "/1x1.png", toPath: folder + "/\u{301}picture.png")
        }
        for (root, sibling) in [(composed, decomposed), (decomposed, composed)] {
            let roots = try ImageRoots([root])
            for name in ["/picture.png", "/\u{301}picture.png"] {
                #expect(try ImageSource(path: root + name).load(roots: roots).width == 1)
                for path in [
                    sibling + name, sibling + "/nothing.png", root + "/../" + sibling.dropFirst(base.count + 1),
                ] {
                    let error = #expect(throws: ImageError.self, "\(path)") {
                        try ImageSource(path: path).load(roots: roots)
                    }
                    #expect(error?.kind == .pathNotAllowed, "\(path)")
                }
            }
            let missing = #expect(throws: ImageError.self) {
                try ImageSource(path: root + "/\u{301}nothing.png").load(roots: roots)
            }
            #expect(missing?.kind == .imageUnreadable)
        }
        #expect(try ImageSource(path: composed) != ImageSource(path: decomposed))
    }

    @Test("a name that is no UTF-8 is read from a URI; names in messages are escaped")
    func bytesAndControls() throws {
        let name = base.utf8 + Array("/inside/caf".utf8) + [0xE9] + Array(".png".utf8)
        let picture = try PillowFixtures.bytes("1x1.png")
        let path = FilePath(platformString: name.map { CChar(bitPattern: $0) } + [0])
        let descriptor = path.withPlatformString { open($0, O_WRONLY | O_CREAT, 0o600) }
        #expect(write(descriptor, picture, picture.count) == picture.count)
        close(descriptor)
        let roots = try ImageRoots([base + "/inside"])
        #expect(try ImageSource(uri: "file://\(base)/inside/caf%E9.png").load(roots: roots).width == 1)
        let missing = #expect(throws: ImageError.self) {
            try ImageSource(uri: "file://\(base)/inside/th%E9%0Aforged.png").load(roots: roots)
        }
        #expect(missing?.description.hasPrefix(base + #"/inside/th\xE9\nforged.png: No such file"#) == true)
        let forged = #expect(throws: ImageError.self) {
            try ImageSource(path: base + "/a\nforged line\u{1b}[2J\u{202e}.png").load()
        }
        #expect(forged?.description.contains(#"/a\nforged line\u{"#) == true)
        let shown = forged?.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{202e}" }
        #expect(shown == true)
        let long = #expect(throws: ImageError.self) { try ImageSource(path: String(repeating: "a", count: 1 << 20)) }
        #expect((long?.description.utf8.count ?? .max) < 1000)
    }

    @Test("a root must be a folder")
    func wrongRoot() {
        for root in [base + "/nothing", base + "/inside/picture.png"] {
            #expect(throws: ImageError.self) { try ImageRoots([root]) }
        }
    }
}
