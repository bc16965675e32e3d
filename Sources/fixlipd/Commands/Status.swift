import ArgumentParser
import JSON

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows what the daemon holds and does.")

    @Flag(help: "Print the whole status as JSON.")
    var json = false
    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        let status = try daemon.connect().call("server/status", params: [:])
        if json { return try TextOutput.json(status, pretty: true) }
        let (version, pid) = (
            try status.required("version", of: "server/status"), try status.required("pid", of: "server/status")
        )
        func int(_ value: JSONValue?) -> Int { value?.int ?? 0 }
        TextOutput.line(
            "fixlipd \(version.string ?? ""), pid \(int(pid)), up \(Int(status["uptimeSeconds"]?.double ?? 0)) s, "
                + "\(int(status["residentBytes"]).asBytes) resident, \(int(status["computeThreads"])) compute threads")
        for model in status["models"]?.array ?? [] {
            let expiry =
                model["expiresInSeconds"]?.double.map { "unloads in \(Int($0)) s" }
                ?? (int(model["inUse"]) > 0 ? "in use" : "stays")
            TextOutput.line(
                "model  \(model["id"]?.string ?? "")  \(model["precision"]?.string ?? "")  \(int(model["bytes"]).asBytes)  \(expiry)"
            )
        }
        for unload in status["unloads"]?.array ?? [] {
            TextOutput.line(
                "unloaded  \(unload["id"]?.string ?? "")  \(Int(unload["secondsAgo"]?.double ?? 0)) s ago: \(unload["reason"]?.string ?? "")"
            )
        }
        if let idle = status["idleExitSeconds"]?.double {
            TextOutput.line("ends after \(idle.formatted()) s without clients")
        }
        for side in ["image", "text"] {
            let games = status["games"]?[side]
            TextOutput.line(
                "\(side) games  \(int(games?["count"])), \(int(games?["masks"])) masks, \(int(games?["bytes"]).asBytes)"
            )
        }
        for explanation in status["explanations"]?.array ?? [] {
            TextOutput.line(
                "explanation  \(explanation["explanation"]?.string ?? "")  \(int(explanation["imageMasks"])) masks  \(explanation["text"]?.string ?? "")"
            )
        }
        for (method, counts) in (status["requests"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            TextOutput.line(
                "\(method)  \(int(counts["count"])) requests, \(int(counts["errors"])) errors, median \((counts["p50Milliseconds"]?.double ?? 0).fixed(2)) ms"
            )
        }
    }
}

struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ends the daemon.")

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        var options = daemon
        options.noSpawn = true
        // A daemon of another version is told to be ended with this command.
        _ = try options.connectToAnyVersion().call("server/stop", params: [:])
    }
}
