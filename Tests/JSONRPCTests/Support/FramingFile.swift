import Foundation
import JSON
import JSONRPC
import Testing

/// One file of `protocol/framing`, whose README says what the members mean.
struct FramingFile: Sendable, CustomTestStringConvertible {
    struct Failure: Sendable {
        let code: Int
        let mentions: String?
    }

    let name: String
    let input: [UInt8]
    let framing: Framing?
    let limits: FrameDecoder.Limits
    let messages: [[UInt8]]
    let failure: Failure?
    let replies: [JSONValue]

    var testDescription: String { name }

    static let all: [FramingFile] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../protocol/framing").standardized.path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { FramingFile(folder: folder, name: $0) }
    }()

    /// Those that can follow one another on a connection.
    static func glueable(_ framing: Framing) -> [FramingFile] {
        all.filter { file in
            file.framing == framing && file.failure == nil && file.limits == .init()
                && !file.input.starts(with: [0xEF, 0xBB, 0xBF])
                && (framing == .headers || file.input.last == UInt8(ascii: "\n"))
        }
    }

    private init(folder: String, name: String) {
        guard let file = try? JSONValue(contentsOf: "\(folder)/\(name)") else { fatalError("\(name) is not readable") }
        self.name = name
        input = Self.bytes(file["input"], file["inputBase64"])
        framing = file["framing"]?.string.flatMap { Framing(rawValue: $0) }
        limits = FrameDecoder.Limits(
            messageBytes: file["limits"]?["messageBytes"]?.int ?? 64 << 20,
            headerBytes: file["limits"]?["headerBytes"]?.int ?? 4 << 10)
        messages =
            file["messages"]?.array?.map { Self.bytes($0, nil) }
            ?? file["messagesBase64"]?.array?.map { Self.bytes(nil, $0) } ?? []
        failure = file["failure"].map { Failure(code: $0["code"]?.int ?? 0, mentions: $0["mentions"]?.string) }
        replies = file["replies"]?.array ?? []
    }

    private static func bytes(_ text: JSONValue?, _ base64: JSONValue?) -> [UInt8] {
        if let text = text?.string { return Array(text.utf8) }
        return base64?.string.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) } ?? []
    }
}

/// A reply in the short form of the framing files, its batch elements in a fixed order.
func shortForm(_ reply: JSONValue) -> JSONValue {
    if case .array(let replies) = reply { return .array(sorted(replies.map(shortForm))) }
    var short: JSONValue = ["id": reply["id"] ?? "absent"]
    if case .object(var members) = short {
        if reply["result"] != nil { members["result"] = true }
        if let code = reply["error"]?["code"] { members["error"] = code }
        short = .object(members)
    }
    return short
}

/// In an order that depends on the values only.
func sorted(_ values: [JSONValue]) -> [JSONValue] {
    values.map { value in
        guard case .array(let elements) = value else { return value }
        return .array(sorted(elements))
    }.sorted { ((try? $0.text()) ?? "") < ((try? $1.text()) ?? "") }
}
