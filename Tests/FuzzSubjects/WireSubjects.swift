import Captions
import JSON
import JSONRPC

/// What is parsed is written and parsed again to the same value.
func readJSON(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes) else { return }
    guard let written = try? value.serialized(), let again = try? JSONValue(parsing: written) else {
        fatalError("JSON that was read cannot be written and read again")
    }
    precondition(again == value, "JSON changes when it is written and read again")
}

/// The same messages come out however the stream is cut: the first byte says where.
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
