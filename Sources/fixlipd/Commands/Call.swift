import ArgumentParser
import Foundation
import JSON

struct Call: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Calls a method and prints its result as JSON.",
        discussion: "Example: fixlipd call similarity '{\"images\": [\"/a.png\"], \"texts\": [\"a dog\"]}'")

    @Argument(help: "The method, such as server/status.")
    var method: String

    @Argument(help: "Parameters as JSON; - reads them from standard input.")
    var parameters = "{}"

    @Flag(help: "Indent the result.")
    var pretty = false

    @Option(help: "Give up after this many seconds.")
    var timeout: Double?

    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if let timeout, !(timeout > 0 && timeout <= 86_400) {
            throw ValidationError("--timeout must be above 0 and at most a day, in seconds")
        }
    }

    func run() throws {
        let text =
            parameters == "-"
            ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) : parameters
        let value: JSONValue
        do {
            value = try JSONValue(parsing: text)
        } catch {
            throw ValidationError("the parameters are \(error)")
        }
        let limit = timeout.map { Duration.seconds($0) }
        let start = ContinuousClock.now
        let client = try daemon.connect(timeout: limit)
        let rest = limit.map { max(.zero, $0 - (ContinuousClock.now - start)) }
        let result = try client.call(method, params: value, timeout: rest) { name, params in
            if let line = try? JSONValue.object(["method": .string(name), "params": params]).text() {
                TextOutput.note(line)
            }
        }
        try TextOutput.json(result, pretty: pretty)
    }
}
