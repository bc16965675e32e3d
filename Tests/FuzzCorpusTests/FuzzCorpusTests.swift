import Foundation
import FuzzSubjects
import TestSupport
import Testing

/// The inputs that `make fuzz` starts from, and those it once found, as they are and a little damaged. A subject that
/// fails ends the run.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct FuzzCorpusTests {
    @Test("Every input of the corpus, and damaged copies, are answered or refused", arguments: FuzzSubject.allCases)
    func replay(_ subject: FuzzSubject) throws {
        let inputs = try Self.corpus(of: subject)
        #expect(!inputs.isEmpty, "the corpus has no \(subject)")
        var generator = SeededGenerator(seed: 1)
        for input in inputs {
            subject.run(input)
            for _ in 0..<Self.damagedCopies { subject.run(Self.damaged(input, &generator)) }
        }
        subject.run([])
    }

    private static let damagedCopies = 20

    private static func corpus(of subject: FuzzSubject) throws -> [[UInt8]] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../FuzzCorpus/\(subject.rawValue)").standardized
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
    }

    /// One to four bytes changed, taken out, put in, or the rest cut off.
    private static func damaged(_ input: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = input
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(.random(in: .min ... .max, using: &generator), at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }
}
