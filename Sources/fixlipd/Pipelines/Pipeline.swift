import ArgumentParser
import FIxLIPProtocol
import JSON
import JSONRPC

/// An item of a pipeline: the members that came in, which its output line repeats.
struct PipelineItem {
    let members: JSONValue
    /// The members that mean something.
    private let known: Known
    /// Why there is nothing to ask the daemon.
    let failure: PipelineFailure?

    /// A line of standard input: a JSON object, or else the value of `member`.
    /// - Parameter isFile: whether that is a file's name, which may have any bytes.
    init(line: [UInt8], member: String, isFile: Bool) {
        let shown = String(decoding: line, as: UTF8.self)
        if shown.first(where: { !$0.isWhitespace }) == "{" {
            do throws(JSONError) {
                self.init(members: try JSONValue(parsing: line))
            } catch {
                self.init(
                    members: ["input": .string(shown)],
                    failure: PipelineFailure("the line begins with { and is not a JSON object: \(error)"))
            }
        } else if let text = String(validating: line, as: UTF8.self) {
            self.init(member: member, text)
        } else if isFile {
            self.init(member: member, FileName(bytes: line).uri)
        } else {
            self.init(members: [member: .string(shown)], failure: PipelineFailure("the line is not UTF-8 text"))
        }
    }

    init(member: String, _ value: String) { self.init(members: [member: .string(value)]) }

    private init(members: JSONValue, failure: PipelineFailure? = nil) {
        self.members = members
        known = (try? members.decode(Known.self)) ?? Known()
        self.failure = failure
    }

    /// What a line may have, of any kind as yet.
    private struct Known: Decodable {
        var input: JSONValue?
        var image: JSONValue?
        var text: JSONValue?
    }

    var hasInput: Bool { known.input != nil }
    var hasImage: Bool { known.image != nil }
    var hasText: Bool { known.text != nil }

    /// The line itself, where it is not a JSON object.
    func input() throws(PipelineFailure) -> String { try Self.string(known.input, "input") }

    /// The image as the daemon finds it.
    func image() throws(PipelineFailure) -> ImageInput {
        ImageInput(.text(try imagePath(try Self.string(known.image, "image"))))
    }

    func text() throws(PipelineFailure) -> String { try Self.string(known.text, "text") }

    private static func string(_ value: JSONValue?, _ member: String) throws(PipelineFailure) -> String {
        guard let value else { throw PipelineFailure("the line has no \"\(member)\"") }
        guard let string = value.string else {
            throw PipelineFailure("\"\(member)\" must be a string, not \(value.kind)")
        }
        return string
    }
}

/// The path of an image as the daemon finds it, or a `data:` or `file:` URI.
func imagePath(_ name: String) throws(PipelineFailure) -> String {
    try checkIsLocal(name)
    return absolutePath(name)
}

/// Refuses what is an address on the net.
func checkIsLocal(_ name: String) throws(PipelineFailure) {
    let scheme = name.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    if !scheme.isEmpty, name.dropFirst(scheme.count).hasPrefix("://"), scheme.lowercased() != "file" {
        throw PipelineFailure(
            "\(name): images are read from files, never from the net: download it first (curl -LO '\(name)') and name the "
                + "file")
    }
}

/// Why an item has no result.
struct PipelineFailure: Error, CustomStringConvertible {
    let message: String
    /// The protocol's code, where the daemon refused the item.
    let code: Int?

    var description: String { message }

    init(_ message: String) {
        self.message = message
        code = nil
    }

    /// The failure that an entry of a result's `errors` tells of.
    init(message: String, code: Int) {
        self.message = message
        self.code = code
    }

    /// The reply to a request about one item.
    /// - Throws: the error again if it is not about the item, so that the next one would fail as well.
    init(_ error: RPCClientError) throws(RPCClientError) {
        guard case .remote(let reply) = error, !Self.codesOfEveryItem.contains(reply.code) else { throw error }
        message = reply.messageForUsers
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

    /// Calls `body` with the items of standard input, as many at a time as have come. Blank lines are none.
    /// - Parameters:
    ///   - member: what a line that is not a JSON object is.
    ///   - isFile: whether that is a file's name.
    static func standardInput(
        member: String, isFile: Bool, _ body: ([PipelineItem]) throws -> Void
    ) throws {
        let input = LineInput()
        while true {
            let lines = input.nextLines(limit: batchSize)
            if lines.isEmpty { return }
            let items = lines.filter { line in !line.allSatisfy { [0x20, 0x09, 0x0D].contains($0) } }
                .map { PipelineItem(line: $0, member: member, isFile: isFile) }
            if !items.isEmpty { try body(items) }
        }
    }
}
