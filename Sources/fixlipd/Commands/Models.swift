import ArgumentParser
import FIxLIPProtocol
import JSON

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
            let result = try daemon.connect().call("models/list", params: [:])
            if json { return try TextOutput.json(result, pretty: false) }
            let loaded = try result.required("loaded", of: "models/list").array ?? []
            for model in loaded {
                let id = model["id"]?.string ?? ""
                TextOutput.line(
                    "\(id)  loaded  \(model["architecture"]?.string ?? "")  \(model["precision"]?.string ?? "")  "
                        + (model["bytes"]?.int ?? 0).asBytes)
            }
            let others = (try result.required("available", of: "models/list").array ?? []).filter { model in
                !loaded.contains { $0["path"] == model["path"] }
            }
            for model in others where model["loadable"]?.bool == true {
                TextOutput.line("\(model["id"]?.string ?? "")  \(model["origin"]?.string ?? "")  can be loaded")
            }
            for model in others where model["loadable"]?.bool != true {
                let reason = model["reason"]?.string.map { ": \($0)" } ?? ""
                TextOutput.line(
                    "\(model["id"]?.string ?? "")  \(model["origin"]?.string ?? "")  cannot be loaded\(reason)")
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
            let parameters = JSONValue.object(["model": .string(modelName(model))]).adding([
                ("precision", precision.map { .string($0.rawValue) }), ("keepAlive", keepAlive.map { .real($0) }),
            ])
            try TextOutput.json(try daemon.connect().call("models/load", params: parameters), pretty: true)
        }
    }

    struct Unload: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives a model's memory back.")

        @Argument(help: "The model's name.", completion: .modelNames)
        var model: String
        @OptionGroup var daemon: DaemonOptions

        func run() throws {
            let result = try daemon.connect().call("models/unload", params: ["model": .string(modelName(model))])
            try TextOutput.json(result, pretty: false)
        }
    }
}
