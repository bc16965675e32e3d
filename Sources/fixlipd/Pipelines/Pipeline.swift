import ArgumentParser
import FIxLIPProtocol
import JSON
import JSONRPC

/// An item of a pipeline: the members that came in, which its output line repeats.
struct PipelineItem {
    let members: JSONValue
    /// Why there is nothing to ask the daemon.
    let failure: PipelineFailure?

    /// A line of standard input: a JSON object, or else the value of `member`.
    init(line: String, member: String) {
        guard line.first(where: { !$0.isWhitespace }) == "{" else {
            self.init(member: member, line)
            return
        }
        do throws(JSONError) {
            self.init(members: try JSONValue(parsing: line))
        } catch {
            self.init(
                members: ["input": .string(line)],
                failure: PipelineFailure("the line begins with { and is not a JSON object: \(error)"))
        }
    }

    init(member: String, _ value: String) { self.init(members: [member: .string(value)]) }

    private init(members: JSONValue, failure: PipelineFailure? = nil) {
        self.members = members
        self.failure = failure
    }

    /// A member that must be a string.
    func string(_ member: String) throws(PipelineFailure) -> String {
        guard let value = members[member] else { throw PipelineFailure("the line has no \"\(member)\"") }
        guard let string = value.string else {
            throw PipelineFailure("\"\(member)\" must be a string, not \(value.kind)")
        }
        return string
    }
}

/// Why an item has no result.
struct PipelineFailure: Error {
    let message: String
    /// The protocol's code, where the daemon refused the item.
    let code: Int?

    init(_ message: String) {
        self.message = message
        code = nil
    }

    /// An entry of a result's `errors`.
    init(item: JSONValue) {
        message = item["message"]?.string ?? "failed"
        code = item["code"]?.int
    }

    /// The reply to a request about one item.
    /// - Throws: the error again if it is not about the item, so that the next one would fail as well.
    init(_ error: RPCClientError) throws(RPCClientError) {
        guard case .remote(let reply) = error, !Self.codesOfEveryItem.contains(reply.code) else { throw error }
        message = reply.message
        code = reply.code
    }

    /// No model, or no daemon.
    private static let codesOfEveryItem = [ErrorKind.modelNotFound, .modelUnsupported, .modelCorrupt, .shuttingDown]
        .map(\.rawValue)

    var members: [(String, JSONValue?)] {
        [("error", .string(message)), ("code", code.map { .integer(Int64($0)) })]
    }
}

/// What an item's output line has beside the members that came in.
typealias PipelineResult = Result<[(String, JSONValue?)], PipelineFailure>

/// Prints one line per item, in order, and counts those that failed.
struct PipelineOutput {
    private var count = 0
    private var failed = 0

    mutating func print(_ item: PipelineItem, _ result: PipelineResult) throws {
        count += 1
        switch result {
        case .success(let members): try TextOutput.json(item.members.adding(members), pretty: false)
        case .failure(let failure):
            failed += 1
            try TextOutput.json(item.members.adding(failure.members), pretty: false)
        }
    }

    /// - Throws: status 1 if an item failed.
    func finish() throws {
        guard failed > 0 else { return }
        TextOutput.note("fixlipd: \(failed) of \(count) failed")
        throw ExitCode(1)
    }
}

/// Where a pipeline's items come from.
enum PipelineSource {
    /// How many items go in one request.
    static let batchSize = 64

    /// Calls `body` with the items of standard input, as many at a time as have come. Empty lines are none.
    static func standardInput(member: String, _ body: ([PipelineItem]) throws -> Void) throws {
        let input = LineInput()
        while true {
            let lines = input.nextLines(limit: batchSize)
            if lines.isEmpty { return }
            let items = lines.filter { $0.contains { !$0.isWhitespace } }
                .map { PipelineItem(line: $0, member: member) }
            if !items.isEmpty { try body(items) }
        }
    }
}
