import Captions
import JSON
import JSONRPC

/// What is parsed is written and parsed again to the same value, but for the digits of reals beyond the nine that are
/// written.
func readJSON(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes) else { return }
    guard let written = try? value.serialized(), let again = try? JSONValue(parsing: written) else {
        fatalError("JSON that was read cannot be written and read again")
    }
    precondition(isAsWritten(again, value), "JSON changes when it is written and read again")
    precondition((try? again.serialized()) == written, "JSON changes when it is written a second time")
}

private func isAsWritten(_ read: JSONValue, _ value: JSONValue) -> Bool {
    switch (read, value) {
    case (.real(let a), .real(let b)):
        // Half a unit in the ninth digit; below the normal numbers a double has fewer digits than that.
        abs(a - b) <= max(abs(b) * 5.000001e-9, .leastNonzeroMagnitude)
    case (.array(let a), .array(let b)):
        a.count == b.count && zip(a, b).allSatisfy(isAsWritten)
    case (.object(let a), .object(let b)):
        a.keys == b.keys && zip(a.values, b.values).allSatisfy(isAsWritten)
    default: read == value
    }
}

/// The same messages come out however the stream is cut, and each is read: the first byte says where it is cut.
func readFrames(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let stream = Array(bytes.dropFirst())
    let limits = FrameDecoder.Limits(messageBytes: 4096, headerBytes: 256)
    var whole = FrameDecoder(limits: limits)
    let events = whole.decode(stream) + whole.finish()
    var cut = FrameDecoder(limits: limits)
    let place = stream.isEmpty ? 0 : Int(first) % stream.count
    let pieces = cut.decode(Array(stream[..<place])) + cut.decode(Array(stream[place...])) + cut.finish()
    precondition(events == pieces, "a stream cut at \(place) gives other messages")
    for case .message(let message) in events { readMessage(message) }
}

/// Captions lie in their document.
func readCaptions(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let languages = CaptionFinder.languageIds
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    guard
        let found = try? CaptionFinder.captions(
            in: text, languageId: languages[Int(first) % languages.count], documentPath: "/notes/a.md", encoding: .utf8)
    else { fatalError("a language that is listed is unknown") }
    for caption in found { precondition(!caption.caption.isEmpty, "a caption without text") }
}
