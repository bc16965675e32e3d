import ArgumentParser
import FIxLIPProtocol
import Foundation
import JSONRPC

/// `fixlipd learn`.
struct LearnCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learn",
        abstract: "Learns from pictures what a model will say of others, so that first answers are sharper.",
        discussion: """
            Example: fixlipd learn ~/pictures --masks 256
            Pictures need no captions. What is learnt is kept in the daemon's --state folder and helps explanations of up to \
            191 masks; a daemon with such a folder also learns from all that it explains.
            """)

    @Argument(help: "Picture files, or folders of them.", completion: .images)
    var pictures: [String]

    @Option(parsing: .unconditional, help: "Masks of each picture, 64 or more.")
    var masks = 256

    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        guard masks >= 64 else {
            throw ValidationError("--masks must be at least 64, as fewer say little of single patches; it is \(masks)")
        }
    }

    func run() throws {
        let files = try pictures.flatMap { try Self.files(in: $0) }
        guard let last = files.last else {
            throw ValidationError("there is no picture in \(pictures.joined(separator: ", "))")
        }
        let client = try daemon.connect()
        let bar = ProgressBar()
        var refused = 0
        for (index, file) in files.enumerated() {
            bar.show("\(ProgressBar.bar(index, of: files.count)) \(index)/\(files.count) pictures")
            do {
                _ = try client.call(
                    Explain.self,
                    .init(
                        open: try Self.open(file, model), rules: .init(budget: .init(imageMasks: masks)),
                        layout: .init(pairs: PairSelection.none)))
            } catch RPCClientError.remote(let error) where error.facts?.kind?.hasPrefix("image") == true {
                bar.clear()
                TextOutput.note("\(file): \(error.messageForUsers)".printable())
                refused += 1
            }
        }
        bar.clear()
        guard refused < files.count else { throw ExitCode(1) }
        let opened = try client.call(ExplanationOpen.self, try Self.open(last, model))
        _ = try client.call(ExplanationClose.self, .init(explanation: opened.explanation))
        guard let learnt = opened.learnt else {
            throw ValidationError(
                "nothing was learnt: the daemon needs a folder to keep it in (fixlipd serve --state FOLDER, without --no-learning), "
                    + "five pictures at least, and pictures that have something in common")
        }
        TextOutput.line(
            "learnt from \(learnt.images) pictures (map \(learnt.map)): on pictures that it has not seen it foretells "
                + "\((100 * learnt.heldOutShare).fixed(0)) % of what single patches say")
    }

    /// The image's own players against a text without any: what is learnt depends on no caption.
    private static func open(_ file: String, _ model: ModelOptions) throws -> ExplanationOpen.Parameters {
        ExplanationOpen.Parameters(
            model: model.name, image: ImageInput(.text(try imagePath(file))),
            target: .texts([TargetText(text: "a picture", weight: 1)], players: TargetPlayers.none))
    }

    private static let suffixes: Set<String> = ["png", "jpg", "jpeg", "webp", "gif", "bmp"]

    /// A file itself, or the pictures in a folder and those below it, by name.
    private static func files(in path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return [path]
        }
        let all = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return all.filter { suffixes.contains(($0 as NSString).pathExtension.lowercased()) }.sorted()
            .map { "\(path)/\($0)" }
    }
}
