import Foundation
import Images
import Testing

@Suite("The protocol's forms of an image", .timeLimit(.minutes(10)))
struct ImageSourceTests {
    @Test("data, data URI, file URI, path and pixels give the same picture")
    func forms() throws {
        let path = PillowFixtures.folder + "/rgb-8.png"
        let base64 = try Data(PillowFixtures.bytes("rgb-8.png")).base64EncodedString()
        let expected = try PillowFixtures.image("rgb-8.png")
        let sources: [ImageSource] = [
            try ImageSource(path: path),
            try ImageSource(string: path),
            try ImageSource(base64: base64),
            try ImageSource(string: "data:image/png;base64," + base64),
            try ImageSource(uri: "data:image/png;base64," + base64),
            try ImageSource(string: "DATA:;Base64," + base64.replacingOccurrences(of: "+", with: "%2B")),
            try ImageSource(uri: "file://" + path),
            try ImageSource(uri: "file://localhost" + path.replacingOccurrences(of: "rgb", with: "%72g%62")),
            try ImageSource(string: "file:" + path),
        ]
        for source in sources { #expect(try source.load() == expected) }
        let raw = try ImageSource(
            pixels: Data(expected.rgb).base64EncodedString(), width: expected.width, height: expected.height)
        #expect(try raw.load().rgb == expected.rgb)
        #expect(try raw.load().format == .pixels)
    }

    @Test("base64 may be broken into lines and must be whole")
    func base64() throws {
        let bytes: [UInt8] = (0..<200).map { UInt8($0) }
        for count in [0, 1, 2, 3, 4, 57, 200] {
            let lines = Data(bytes.prefix(count)).base64EncodedString(options: .lineLength64Characters)
            #expect(try ImageSource(base64: " " + lines + "\n") == .encoded(Array(bytes.prefix(count))))
        }
        func reason(_ text: String) -> String {
            do { return try "\(ImageSource(base64: text))" } catch { return error.description }
        }
        #expect(reason("AA-_").contains("URL-safe"))
        #expect(reason("AA!A").contains("\"!\" at character 2"))
        #expect(reason("AAé=").contains("is not in the base64 alphabet"))
        #expect(reason("AAAAA").contains("cut off"))
        #expect(reason("AAA").contains("cut off"))
        #expect(reason("AA==AA==").contains("after") || reason("AA==AA==").contains("follows the padding"))
        #expect(reason("A===").contains("cut off"))
    }

    @Test(
        "what cannot be read is said with its reason",
        arguments: [
            ("https://example.org/a.png", ImageError.Kind.pathNotAllowed, "not followed"),
            ("file://server/share/a.png", .pathNotAllowed, "another machine"),
            ("file://", .imageUnreadable, "absolute path"),
            ("file:///a%2", .imageUnreadable, "two hexadecimal digits"),
            ("file:///a%00b", .imageUnreadable, "zero byte"),
            ("data:image/gif;base64,R0lG", .imageUnreadable, "image/gif"),
            ("data:image/png,abc", .imageUnreadable, "base64"),
            ("data:image/png;base64", .imageUnreadable, "needed"),
            ("data:image/png;base64,%zz", .imageUnreadable, "%"),
        ])
    func refused(text: String, kind: ImageError.Kind, reason: String) {
        let error = #expect(throws: ImageError.self) { try ImageSource(string: text) }
        #expect(error?.kind == kind)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test("odd file names are paths")
    func paths() throws {
        for name in ["a:b.png", "C:picture.png", "http.png", "./data.png", "été 100%.png"] {
            #expect(try ImageSource(string: name) == ImageSource(path: name))
        }
    }

    @Test("raw pixels must fit their size and the limit")
    func pixels() throws {
        let six = Data([1, 2, 3, 4, 5, 6]).base64EncodedString()
        #expect(try ImageSource(pixels: six, width: 1, height: 2).load().rgb == [1, 2, 3, 4, 5, 6])
        for (width, height) in [(2, 2), (1, 1), (0, 2), (-1, -2)] {
            let error = #expect(throws: ImageError.self) { try ImageSource(pixels: six, width: width, height: height) }
            #expect(error?.kind == .imageUnreadable)
        }
        for (width, height) in [(100_000, 100_000), (Int.max, 2)] {
            let error = #expect(throws: ImageError.self) { try ImageSource(pixels: six, width: width, height: height) }
            #expect(error?.kind == .imageTooLarge)
        }
        #expect(throws: ImageError.self) { try ImageSource.pixels([1, 2, 3], width: 2, height: 1).load() }
        #expect(throws: ImageError.self) { try ImageSource.pixels([], width: 0, height: 0).load() }
    }
}
