import FIxLIPProtocol
import Foundation
import JSON
import Testing

/// What a daemon with a state folder learns from the images that it explains.
@Suite("Learning with use", .serialized, .timeLimit(.minutes(10)))
struct LearningProcessTests {
    private static let scene = DaemonProcess.scenes + "/scene-03.png"

    private func withState(_ more: [String] = [], _ body: (DaemonProcess) throws -> Void) throws {
        let state = try DaemonProcess.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: state) }
        try body(try DaemonProcess(["--state", state] + more))
    }

    private func learn(_ daemon: DaemonProcess, _ pictures: String = DaemonProcess.scenes) throws -> Command {
        try Command(["learn", pictures, "--masks", "64", "--no-spawn"], folder: daemon.folder)
    }

    private func explain(_ daemon: DaemonProcess, prior: String? = nil) throws -> Explain.Result {
        try daemon.connect().call(
            Explain.self,
            .init(
                open: .init(image: ImageInput(.text(Self.scene)), text: "a postbox", prior: prior),
                rules: .init(budget: .init(imageMasks: 24)), reproducible: true))
    }

    @Test("pictures without captions teach; results tell the map, keep to it by its name, and stand without it")
    func learn() throws {
        try withState { daemon in
            let before = try explain(daemon)
            #expect(before.learnt == nil)
            let run = try learn(daemon)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.hasPrefix("learnt from 8 pictures"), "\(run.output)")

            let after = try explain(daemon)
            let learnt = try #require(after.learnt)
            #expect(learnt.images == 8 && learnt.heldOutShare > 0 && run.output.contains(learnt.map))
            #expect(after.values != before.values)
            #expect(try explain(daemon, prior: learnt.map).values == after.values)
            let pass = try explain(daemon, prior: "pass")
            #expect(pass.learnt == nil && pass.values == before.values)
        }
    }

    @Test("what an explanation of many masks says is the same with and without")
    func manyMasks() throws {
        try withState { daemon in
            func explain() throws -> Explain.Result {
                try daemon.connect().call(
                    Explain.self,
                    .init(
                        open: .init(image: ImageInput(.text(Self.scene)), text: "a postbox"),
                        rules: .init(budget: .init(imageMasks: 256)), reproducible: true))
            }
            let before = try explain()
            let taught = try learn(daemon)
            #expect(taught.status == 0)
            let after = try explain()
            #expect(after.learnt != nil && after.values == before.values)
        }
    }

    @Test("an unknown map, and a word that is none, are errors in words")
    func badPriors() throws {
        try withState { daemon in
            let unknown = try Command(
                ["explain", Self.scene, "a dog", "--prior", "0123456789abcdef", "--no-spawn"], folder: daemon.folder)
            #expect(unknown.status == 1 && unknown.errors.contains("names the map 0123456789abcdef"))
            let word = try Command(
                ["explain", Self.scene, "a dog", "--prior", "guess", "--no-spawn"], folder: daemon.folder)
            #expect(word.status != 0 && word.errors.contains("--prior"), "\(word.errors)")
        }
    }

    @Test("nothing is learnt without a folder, or where the daemon is told not to")
    func off() throws {
        let daemon = try DaemonProcess()
        let run = try learn(daemon)
        #expect(run.status != 0 && run.errors.contains("--state"))
        try withState(["--no-learning"]) { daemon in
            let run = try learn(daemon)
            #expect(run.status != 0)
            #expect(try explain(daemon).learnt == nil)
        }
    }

    @Test("a batch keeps to what its first pair began with, also when it goes on after more was learnt")
    func batchIsFrozen() throws {
        try withState { daemon in
            let file = daemon.folder + "/pairs.jsonl"
            let pairs = ["scene-00", "scene-01", "scene-02", "scene-03"].map {
                "{\"id\": \"\($0)\", \"image\": \"\(DaemonProcess.scenes)/\($0).png\", \"text\": \"a dog\"}\n"
            }
            func run() throws -> [JSONValue] {
                let run = try Command(
                    ["batch", file, "-o", daemon.folder + "/out.jsonl", "--budget", "24", "--no-spawn"],
                    folder: daemon.folder)
                #expect(run.status == 0, "\(run.errors)")
                return try String(contentsOfFile: daemon.folder + "/out.jsonl", encoding: .utf8)
                    .split(separator: "\n").map { try JSONValue(parsing: String($0)) }
            }
            try pairs.prefix(2).joined().write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try run().allSatisfy { $0["learnt"] == nil })
            let taught = try learn(daemon)
            #expect(taught.status == 0)
            try pairs.joined().write(toFile: file, atomically: true, encoding: .utf8)
            let lines = try run()
            #expect(lines.count == 4 && lines.allSatisfy { $0["learnt"] == nil })
        }
    }
}
