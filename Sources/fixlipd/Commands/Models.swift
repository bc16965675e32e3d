import ArgumentParser
import FIxLIPProtocol
import JSON
import ShownText

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists, loads and unloads models.", subcommands: [List.self, Load.self, Unload.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the models in memory, the built-in ones and those of the local hub cache.")

        @Flag(help: "Print the result as JSON.")
        var json = false
        @OptionGroup var daemon: DaemonOptions

        func run() throws {
            let list = try daemon.connect().call(ModelsList.self)
            if json { return try TextOutput.json(try JSONValue(encoding: list), pretty: false) }
            func line(_ text: String) { TextOutput.line(text.printable()) }
            for model in list.loaded {
                line("\(model.id)  loaded  \(model.architecture)  \(model.precision)  \(model.bytes.asBytes)")
            }
            let others = list.available.filter { model in
                !list.loaded.contains { $0.path.utf8.elementsEqual(model.path.utf8) }
            }
            for model in others where model.loadable {
                line("\(model.id)  \(model.origin)  can be loaded\(model.summary.map { ": \($0.line)" } ?? "")")
            }
            for model in others where !model.loadable {
                line("\(model.id)  \(model.origin)  cannot be loaded\(model.reason.map { ": \($0)" } ?? "")")
            }
        }
    }

    struct Load: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Loads a model ahead of its first use.")

        @Argument(help: "demo, a folder, or org/name in the local hub cache.", completion: .modelNames)
        var model: String
        @Option(help: "auto, f32, bf16 or int8.")
        var precision: PrecisionChoice?
        @Option(parsing: .unconditional, help: "Seconds without use after which it is unloaded; -1 keeps it.")
        var keepAlive: Double?
        @OptionGroup var daemon: DaemonOptions

        func run() throws {
            let loaded = try daemon.connect().call(
                ModelsLoad.self, .init(model: modelName(model), precision: precision, keepAlive: keepAlive))
            try TextOutput.json(try JSONValue(encoding: loaded), pretty: true)
        }
    }

    struct Unload: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives a model's memory back.")

        @Argument(help: "The model's name.", completion: .modelNames)
        var model: String
        @OptionGroup var daemon: DaemonOptions

        func run() throws {
            let unloaded = try daemon.connect().call(ModelsUnload.self, .init(model: modelName(model)))
            try TextOutput.json(try JSONValue(encoding: unloaded), pretty: false)
        }
    }
}

extension ModelSummary {
    /// `siglip, 14 × 14 patches of 16, 768 wide, texts of 64 (two-sided, unigram), 813.0 MB, f32, en`
    fileprivate var line: String {
        let grid = image.mostPatches.map { "up to \($0) patches" } ?? "\(image.rows) × \(image.columns) patches"
        let masks = maskPrecision == precision ? "" : " (masks \(maskPrecision) if exact)"
        let spoken = languages ?? []
        let known = spoken.count > 5 ? "\(spoken.count) languages" : spoken.joined(separator: " ")
        return [
            architecture, "\(grid) of \(patchSize)", "\(width) wide", "texts of \(text.positions) (\(textKind))",
            fileBytes.asBytes, "\(precision)\(masks)", known,
        ].filter { !$0.isEmpty }.joined(separator: ", ")
    }
}
