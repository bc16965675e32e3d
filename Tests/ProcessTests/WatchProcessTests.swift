import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import Testing

/// What a line of `watch --json` has.
private struct WatchLine: Decodable {
    var image, text, error: String?
    var imageMasks: Int?
    var fullValue: Double?
    var stopReason: StopReason?
    var values: Values?
    var final: Bool?
}

@Suite("watch", .serialized, .timeLimit(.minutes(10)))
struct WatchProcessTests {
    let scene = DaemonProcess.scenes + "/scene-03.png"
    let caption = "a postbox next to a cocktail glass"
    /// More masks than any test waits for.
    let endless = ["--budget", "60000"]

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try DaemonProcess.makeFolder()
        defer {
            _ = try? Command(["stop", "--no-spawn"], folder: folder)
            try? FileManager.default.removeItem(atPath: folder)
        }
        try body(folder)
    }

    /// No command may leave its handle behind.
    private func expectNoOpenExplanation(_ folder: String) throws {
        let list = try Command(["call", "explanation/list"], folder: folder)
        let open = try JSONValue(parsing: list.output).decode(ExplanationList.Result.self).explanations
        #expect(open.isEmpty, "\(list.output)")
    }

    @Test("without a terminal, estimates are printed one below the other until the budget is there")
    func successivePrints() throws {
        try withFolder { folder in
            // Words of a caption need no quotes.
            let watched = try Command(
                ["watch", scene] + caption.split(separator: " ").map(String.init) + ["--budget", "512"], folder: folder)
            #expect(watched.status == 0, "\(watched.errors)")
            #expect(!watched.output.contains("\u{1B}"), "control sequences where output is no terminal")
            let masks = watched.output.split(separator: "\n").filter { $0.hasPrefix("── ") }
                .compactMap { Int($0.dropFirst(3).prefix { $0.isNumber }) }
            #expect(masks.count >= 2)
            #expect(masks == masks.sorted() && masks.last == 512, "\(masks)")
            #expect(watched.output.components(separatedBy: "“postbox” × row").count > masks.count)
            try expectNoOpenExplanation(folder)
        }
    }

    @Test("lines of a pipe are captions; each is explained to its end, in order")
    func captionsOfAPipe() throws {
        try withFolder { folder in
            let watched = try Command(
                ["watch", scene, "--json", "--top", "3", "--budget", "100"], folder: folder,
                input: "a postbox\n\n a cocktail glass \n")
            #expect(watched.status == 0, "\(watched.errors)")
            let lines = try watched.output.split(separator: "\n").map {
                try JSONValue(parsing: String($0)).decode(WatchLine.self)
            }
            let final = lines.filter { $0.final == true }
            #expect(final.compactMap(\.text) == ["a postbox", " a cocktail glass "])
            for line in final {
                #expect(line.image == scene)
                #expect(line.imageMasks == 100)
                #expect(line.stopReason == .budget)
                #expect(line.values?.pairs?.items?.count == 3)
                #expect(line.values?.standardErrors != nil)
            }
            let isFirst = lines.map { $0.text == "a postbox" }
            #expect(isFirst == isFirst.sorted { $0 && !$1 })
        }
    }

    @Test("a caption that is typed replaces the one before in the middle of its refinement; the end of input ends")
    func typedCaption() throws {
        try withFolder { folder in
            let watch = try RunningCommand(
                ["watch", scene, caption, "--json"] + endless, folder: folder, onTerminal: true)
            #expect(try watch.next()?.text == caption)
            try watch.send("a postbox\n")
            #expect(try watch.next { $0.text != caption }?.text == "a postbox")
            watch.interrupt()
            #expect(watch.status() == 130)
            try expectNoOpenExplanation(folder)
        }
    }

    @Test("Enter alone doubles the budget")
    func doubledBudget() throws {
        try withFolder { folder in
            let watch = try RunningCommand(
                ["watch", scene, caption, "--json", "--budget", "60"], folder: folder, onTerminal: true)
            #expect(try watch.next { $0.final == true }?.imageMasks == 60)
            try watch.send("\n")
            #expect(try watch.next { $0.final == true }?.imageMasks == 120)
            try watch.send("\u{4}")
            #expect(watch.status() == 0)
        }
    }

    @Test("the text file is read again when it is replaced, and the image when it is")
    func filesThatChange() throws {
        try withFolder { folder in
            let (file, image) = (folder + "/caption.txt", folder + "/image.png")
            try "a postbox\nnext to a glass\n".write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.copyItem(atPath: scene, toPath: image)
            let watch = try RunningCommand(
                ["watch", "image.png", "--text-file", "caption.txt", "--json", "--budget", "60"], folder: folder)
            #expect(try watch.next { $0.final == true }?.text == "a postbox next to a glass")

            try "a glass".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try watch.next { $0.final == true }?.text == "a glass")

            try "".write(toFile: file, atomically: false, encoding: .utf8)
            #expect(try watch.next { $0.error != nil }?.error == "caption.txt: has no words")

            try "a glass".write(toFile: file, atomically: true, encoding: .utf8)
            let before = try watch.next { $0.final == true }
            let other = try Data(contentsOf: URL(fileURLWithPath: DaemonProcess.scenes + "/scene-00.png"))
            try other.write(to: URL(fileURLWithPath: image), options: .atomic)
            var after = try watch.next { $0.final == true }
            // A file that is looked at while it is replaced may be explained twice.
            if after?.fullValue == before?.fullValue { after = try watch.next { $0.final == true } }
            #expect(before?.fullValue != nil && before?.fullValue != after?.fullValue)
            watch.interrupt()
            #expect(watch.status() == 130)
            try expectNoOpenExplanation(folder)
        }
    }

    @Test("a missing image is an error on its line, and the exit status tells")
    func missingImage() throws {
        try withFolder { folder in
            let watched = try Command(["watch", "missing.png", "a dog", "--json"], folder: folder)
            #expect(watched.status == 1)
            #expect(
                try JSONValue(parsing: watched.output).decode(WatchLine.self).error?.contains("missing.png") == true)
            let plain = try Command(["watch", "missing.png", "a dog"], folder: folder)
            #expect(plain.status == 1)
            #expect(plain.errors.contains("missing.png"))
            #expect(plain.output.isEmpty)
            let nowhere = try Command(["watch", "no/folder/image.png", "a dog"], folder: folder)
            #expect(nowhere.status == 1)
            #expect(nowhere.errors.contains("no/folder"))
        }
    }

    @Test("a daemon that is killed in the middle is said to be gone; the next caption starts another one")
    func killedDaemon() throws {
        try withFolder { folder in
            let pid = try JSONValue(parsing: Command(["call", "server/ping"], folder: folder).output)
                .decode(ServerPing.Result.self).pid
            let watch = try RunningCommand(
                ["watch", scene, caption, "--json"] + endless, folder: folder, onTerminal: true)
            #expect(try watch.next()?.final == false)
            kill(Int32(pid), SIGKILL)
            #expect(try watch.next { $0.error != nil }?.error?.contains("went away") == true)
            try watch.send("a postbox\n")
            #expect(try watch.next()?.text == "a postbox")
            watch.interrupt()
            #expect(watch.status() == 130)
        }
    }

    @Test("on a terminal the screen is given back with the last explanation on it")
    func screen() throws {
        try withFolder { folder in
            let terminal = try Terminal()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: DaemonProcess.program)
            process.arguments = ["watch", scene, caption, "--budget", "60"]
            process.environment = DaemonProcess.environment(folder: folder).merging(["TERM": "xterm"]) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = terminal.program
            try process.run()
            try terminal.program.close()
            var shown = Data()
            // A terminal that nobody holds open any more is an error to read from.
            while let more = try? terminal.user.read(upToCount: 4096), !more.isEmpty { shown.append(more) }
            #expect(process.waitForEnd() == 0)
            let screens = String(decoding: shown, as: UTF8.self).components(separatedBy: "\u{1B}[?1049l")
            #expect(screens.count == 2)
            #expect(screens[0].hasPrefix("\u{1B}[?1049h"))
            #expect(screens[0].contains("60 image masks"))
            #expect(screens[1].contains("postbox"))
        }
    }
}

extension RunningCommand {
    /// The next line that fulfils a condition; nil if the output ends before.
    fileprivate func next(where condition: (WatchLine) -> Bool = { _ in true }) throws -> WatchLine? {
        while let line = try nextLine() {
            let line = try line.decode(WatchLine.self)
            if condition(line) { return line }
        }
        return nil
    }
}
