import Foundation
import Testing
import VectorFiles

@Suite("PNG and PDF of drawings", .timeLimit(.minutes(10)))
struct VectorFileTests {
    private let svg = """
        <svg xmlns="http://www.w3.org/2000/svg" width="60" height="40" viewBox="0 0 60 40">
        <style>.p{fill:#ff0000}@media (prefers-color-scheme:dark){.p{fill:#0000ff}}</style>
        <rect width="60" height="40" class="p"/><text x="4" y="20" font-size="12">why</text></svg>
        """

    /// The file, or nil where librsvg is not installed, which has to be said so that a user knows what to do.
    private func made(_ kind: VectorFileKind, of svg: String) throws -> [UInt8]? {
        let result = Result { () throws(VectorFileError) in try VectorFile.make(kind, of: svg) }
        if case .failure(.libraryMissing(let reason)) = result {
            #expect(!reason.isEmpty && "\(VectorFileError.libraryMissing(reason: reason))".contains("librsvg2-2"))
            return nil
        }
        return try result.get()
    }

    @Test("A PNG has two pixels for each of the drawing's, in its light colours")
    func png() throws {
        guard let bytes = try made(.png, of: svg) else { return }
        #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        // Width and height stand after the signature and the head of the first chunk (ISO/IEC 15948, 11.2.2).
        #expect(Array(bytes[16..<24]) == [0, 0, 0, 120, 0, 0, 0, 80])
    }

    @Test("A PDF is one page of the drawing's size, in points")
    func pdf() throws {
        guard let bytes = try made(.pdf, of: svg) else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("%PDF-"))
        #expect(text.contains("/MediaBox [ 0 0 45 30 ]"))
    }

    @Test("What is no drawing is an error, and the next drawing is made", arguments: ["", "<svg", "<html/>", "plain"])
    func broken(text: String) throws {
        guard try made(.png, of: svg) != nil else { return }
        #expect(throws: VectorFileError.self) { try VectorFile.make(.png, of: text) }
        #expect(try made(.png, of: svg) != nil)
    }

    @Test("A drawing that is not wanted any more is left off, whichever question says so")
    func cancelled() throws {
        guard let whole = try made(.png, of: svg) else { return }
        var questions = 0
        #expect(
            try VectorFile.make(.png, of: svg) {
                questions += 1
                return false
            } == whole)
        #expect(questions > 2, "before painting, before compressing, and while the file is written")
        for last in 0..<questions {
            var asked = 0
            #expect(throws: VectorFileError.cancelled) {
                try VectorFile.make(.png, of: svg) {
                    asked += 1
                    return asked > last
                }
            }
        }
        #expect(try made(.pdf, of: svg) != nil)
    }

    @Test("Several threads draw at a time, each the same bytes")
    func threads() async throws {
        guard let expected = try made(.png, of: svg) else { return }
        let (source, all) = (svg, 16)
        let same = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<all { group.addTask { (try? VectorFile.make(.png, of: source)) == expected } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(same == all)
    }
}
