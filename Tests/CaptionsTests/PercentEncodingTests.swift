import PercentEncoding
import Testing

@Suite("Percent-encoding", .timeLimit(.minutes(10)))
struct PercentEncodingTests {
    @Test("a path is the same after it was a URI's, whatever its bytes are")
    func thereAndBack() {
        let bytes = (UInt8.min...UInt8.max).map(\.self)
        let uri = PercentEncoding.encoded(path: bytes)
        #expect(uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        let decoded = PercentEncoding.decoded(uri.utf8)
        #expect(decoded.bytes == bytes && decoded.isWellFormed)
    }

    @Test(
        "a percent sign without two digits stands for itself and is told",
        arguments: ["%", "a%", "a%2", "%zz", "%+f", "100% sure", "%%41x"])
    func malformed(text: String) {
        let decoded = PercentEncoding.decoded(text.utf8)
        #expect(!decoded.isWellFormed)
        #expect(decoded.bytes == Array(text.replacing("%41", with: "A").utf8))
    }

    @Test("an escape that is not wanted stays as it is written")
    func kept() {
        let decoded = PercentEncoding.decoded("a%00b%2f%C3%a9".utf8) { $0 != 0 }
        #expect(decoded.bytes == Array("a%00b/é".utf8) && decoded.isWellFormed)
    }
}
