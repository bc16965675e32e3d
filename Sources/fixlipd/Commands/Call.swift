import ArgumentParser
import FIxLIPProtocol
import Foundation
import JSON

struct Call: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Calls a method and prints its result as JSON.",
        discussion: "Example: fixlipd call similarity '{\"images\": [\"/a.png\"], \"texts\": [\"a dog\"]}'")

    @Argument(help: "The method, such as server/status.", completion: .list(requestMethods.map { $0.name }))
    var method: String

    @Argument(help: "Parameters as JSON; - reads them from standard input.")
    var parameters = "{}"

    @Flag(help: "Indent the result.")
    var pretty = false

    @Option(parsing: .unconditional, help: "Give up after this many seconds.")
    var timeout: Double?

    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if let timeout, !(timeout > 0 && timeout <= 86_400) {
            throw ValidationError("--timeout must be above 0 and at most a day, in seconds")
        }
    }

    func run() throws {
        let text = parameters == "-" ? try contents(of: "-") : Array(parameters.utf8)
        let value: JSONValue
        do throws(JSONError) {
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
                TextOutput.write(line + "\n", to: STDERR_FILENO)
            }
        }
        try TextOutput.json(result, pretty: pretty)
    }
}
