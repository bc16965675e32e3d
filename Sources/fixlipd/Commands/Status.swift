import ArgumentParser
import FIxLIPProtocol
import JSONRPC
import ShownText

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what the daemon holds and does.",
        discussion: "Never starts a daemon. Status: 0, or 3 where none runs.")

    @Flag(help: "Print the whole status as JSON.")
    var json = false
    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        let (client, introduction): (RPCClient, Initialize.Result?)
        do {
            (client, introduction) = try daemon.notSpawning.introduced()
        } catch DaemonLauncher.Failure.notRunning(let socket) {
            TextOutput.note("no daemon runs on \(socket); start one with 'fixlipd serve'")
            throw ExitCode(3)
        }
        let reply = try client.call(ServerStatus.name, params: [:])
        let otherRelease = OtherRelease(introduction, stopCommand: daemon.stopCommand)?.description
        if json {
            if let otherRelease { OtherRelease.tellOnce(otherRelease) }
            return try TextOutput.json(reply, pretty: true)
        }
        let status = try ServerStatus.result(from: reply)
        var lines = Self.lines(status, introduction?.capabilities.limits)
        if let otherRelease { lines.insert(otherRelease, at: 1) }
        for line in lines { TextOutput.line(line.printable()) }
    }

    private static func lines(_ status: ServerStatus.Result, _ limits: Initialize.Limits?) -> [String] {
        var lines = [
            "fixlipd \(status.version), pid \(status.pid), up \(Int(status.uptimeSeconds)) s, "
                + "\(status.residentBytes.asBytes) resident, \(status.computeThreads) compute threads"
        ]
        for model in status.models {
            let expiry =
                model.expiresInSeconds.map { "unloads in \(Int($0)) s" } ?? (model.inUse > 0 ? "in use" : "stays")
            lines.append("model  \(model.id)  \(model.precision)  \(model.bytes.asBytes)  \(expiry)")
        }
        for unload in status.unloads {
            lines.append("unloaded  \(unload.id)  \(Int(unload.secondsAgo)) s ago: \(unload.reason)")
        }
        if let idle = status.idleExitSeconds { lines.append("ends after \(idle.formatted()) s without clients") }
        for (side, games) in [("image", status.games.image), ("text", status.games.text)] {
            lines.append("\(side) games  \(games.count), \(games.masks) masks, \(games.bytes.asBytes)")
        }
        lines.append("game memory  at most \(status.games.limitBytes.asBytes), \(status.games.evicted) games given up")
        for explanation in status.explanations {
            lines.append(
                "explanation  \(explanation.explanation)  \(explanation.imageMasks) image masks, "
                    + "\(explanation.textMasks) text masks"
                    + (explanation.bytes.map { ", \($0.asBytes)" } ?? "") + (explanation.refining ? ", refining" : "")
                    + "  \(explanation.text)")
        }
        if let limits {
            lines.append(
                "limits  \(limits.messageBytes.asBytes) a message, \(limits.batch) requests a batch, \(limits.imagePixels) pixels "
                    + "an image, \(limits.imageMasks) image masks, \(limits.textMasks) text masks")
        }
        lines.append(
            "queues  \(status.queues.interactive) inputs waited for, \(status.queues.refinement) of refinements, "
                + "\(status.queues.refinementsRunning) refinements running; \(status.connections) connections")
        for (method, counts) in status.requests.sorted(by: { $0.key < $1.key }) {
            lines.append(
                "\(method)  \(counts.count) requests, \(counts.errors) errors, median \(counts.p50Milliseconds.fixed(2)) ms"
            )
        }
        return lines
    }
}

struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ends the daemon.", discussion: "Where none runs there is nothing to do, and the status is 0.")

    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        do {
            // A daemon of another version is told to be ended with this command.
            _ = try daemon.notSpawning.connectToAnyVersion().call(ServerStop.self)
        } catch DaemonLauncher.Failure.notRunning(let socket) {
            TextOutput.note("no daemon runs on \(socket)")
        }
    }
}
