import Foundation
import Tensors
import Testing

/// Files that `tools/fixtures/pickles.py` wrote with torch.
@Suite("PyTorch's files", .timeLimit(.minutes(10)))
struct PickleTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Fixtures/pickles").standardized.path

    /// 24 eighths from −1 on, from which all tensors are made.
    private static let values = (0..<24).map { Float($0) / 8 - 1 }

    private func problem(_ path: String) -> String {
        do throws(WeightFileError) {
            _ = try PickleFile(path: path)
            return "it was read"
        } catch {
            return error.description
        }
    }

    @Test(
        "A state dictionary's tensors are read where they lie",
        arguments: ["state.bin", "protocol-4.bin", "checkpoint.bin"])
    func tensors(name: String) throws {
        let file = try PickleFile(path: "\(Self.folder)/\(name)")
        let v = Self.values
        let expected: [(name: String, shape: [Int], values: [Float])] = [
            ("plain", [2, 3], Array(v[..<6])), ("half", [5], Array(v[..<5])), ("brain", [4], Array(v[..<4])),
            ("parameter", [4], Array(v[3..<7])), ("scalar", [], [4.6]), ("view", [2, 4], Array(v[4..<12])),
            ("rest", [12], Array(v[12...])), ("column", [3, 1], Array(v[..<3])), ("empty", [0, 3], []),
        ]
        for (name, shape, values) in expected {
            #expect(try file.tensor(name, shape: shape).floats() == values, "\(name)")
        }
        #expect(file.shape("position_ids") == [1, 7])
        for (name, type) in [("position_ids", "I64"), ("double", "F64"), ("mask", "BOOL")] {
            #expect {
                try file.tensor(name, shape: file.shape(name) ?? [])
            } throws: { "\($0)".contains(type) && "\($0)".contains(name) }
        }
    }

    @Test("A tensor whose values do not lie row by row is refused when it is asked for, and no other with it")
    func transposed() throws {
        let file = try PickleFile(path: "\(Self.folder)/state.bin")
        #expect {
            try file.tensor("transposed", shape: [3, 2])
        } throws: { "\($0)".contains("transposed") && "\($0)".contains("row by row") }
    }

    @Test(
        "What is no state dictionary is refused by name, and nothing of it is executed",
        arguments: [
            ("call-system.bin", "system"), ("call-eval.bin", "eval"), ("module.bin", "torch.nn.modules.linear.Linear"),
            ("namespace.bin", "argparse.Namespace"), ("list.bin", "dictionary"), ("no-tensors.bin", "no tensors"),
            ("compressed.bin", "compressed"), ("legacy.bin", "before 1.6"),
        ])
    func refused(name: String, says: String) {
        let path = "\(Self.folder)/\(name)"
        let problem = problem(path)
        #expect(problem.contains(says) && problem.contains(path), "\(problem)")
        #expect(!FileManager.default.fileExists(atPath: "executed"))
    }

    /// Pickles that `torch.save` would not write, each after the archive's frame.
    @Test(
        "Pickles that take more than there is, or that hide what they do, are refused",
        arguments: [
            [], [0x2E], [0x80, 0x02], [0x80, 0x02, 0x30], [0x80, 0x02, 0x65], [0x80, 0x02, 0x75, 0x2E],
            [0x80, 0x02, 0x68, 0x05, 0x2E], [0x80, 0x02, 0x7D, 0x52, 0x2E], [0x80, 0x02, 0x28, 0x2E],
            [0x80, 0x02, 0x58, 0xFF, 0xFF, 0xFF, 0x7F], [0x80, 0x04, 0x8D] + [UInt8](repeating: 0xFF, count: 8),
            [0x80, 0x02, 0x8A, 0xFF], [0x80, 0x00, 0x2E], [0x80, 0x02, 0x51, 0x2E], [0x80, 0x02, 0x62, 0x2E],
            [0x80, 0x02, 0x81, 0x2E], [0x80, 0x02, 0x69, 0x61, 0x0A, 0x62, 0x0A, 0x2E],
        ] as [[UInt8]])
    func hostile(pickle: [UInt8]) throws {
        let path = try write(pickle)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(problem(path).contains(path))
    }

    @Test("Tuples nested a million deep end nothing")
    func deep() throws {
        let path = try write([0x80, 0x02, 0x29] + [UInt8](repeating: 0x85, count: 1_000_000) + [0x2E])
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(problem(path).contains("dictionary"))
        let more = try write([0x80, 0x02, 0x29] + [UInt8](repeating: 0x85, count: 3_000_000) + [0x2E])
        defer { try? FileManager.default.removeItem(atPath: more) }
        #expect(problem(more).contains("2000000 values"))
    }

    @Test("Every byte of the pickle and the archive changed in turn is refused or read")
    func flipped() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/state.bin"))
        let path = NSTemporaryDirectory() + "pickle-" + UUID().uuidString + ".bin"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try whole.write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        for place in whole.indices {
            for change in [0xFF, UInt8(1 << (place % 8))] {
                try file.seek(toOffset: UInt64(place))
                try file.write(contentsOf: [whole[place] ^ change])
                do throws(WeightFileError) {
                    let damaged = try PickleFile(path: path)
                    for name in damaged.names {
                        let shape = damaged.shape(name) ?? []
                        guard let tensor = try? damaged.tensor(name, shape: shape) else { continue }
                        let values = try tensor.floats()
                        #expect(values.count == shape.reduce(1, *))
                    }
                } catch {
                    #expect(error.description.contains(path))
                }
            }
            try file.seek(toOffset: UInt64(place))
            try file.write(contentsOf: [whole[place]])
        }
        for length in stride(from: 0, to: whole.count, by: 7) {
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect(problem(path).contains(path))
        }
    }

    /// A zip archive that holds nothing but a pickle, as torch frames it.
    private func write(_ pickle: [UInt8]) throws -> String {
        func number(_ value: Int, _ length: Int) -> [UInt8] { (0..<length).map { UInt8(value >> (8 * $0) & 0xFF) } }
        let name = Array("archive/data.pkl".utf8)
        let size = number(pickle.count, 4)
        let local =
            number(0x0403_4b50, 4) + number(0, 14) + size + size + number(name.count, 2) + number(0, 2) + name + pickle
        let central =
            number(0x0201_4b50, 4) + number(0, 16) + size + size + number(name.count, 2) + number(0, 16) + name
        let end =
            number(0x0605_4b50, 4) + number(0, 4) + number(1, 2) + number(1, 2) + number(central.count, 4)
            + number(local.count, 4) + number(0, 2)
        let path = NSTemporaryDirectory() + "pickle-" + UUID().uuidString + ".bin"
        try Data(local + central + end).write(to: URL(fileURLWithPath: path))
        return path
    }
}
