import Foundation
import Tensors
import Testing

@Suite("Safetensors files", .timeLimit(.minutes(10)))
final class SafetensorsTests {
    let folder = NSTemporaryDirectory() + "safetensors-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ header: String, data: [UInt8], name: String = "m.safetensors", length: Int? = nil) throws -> String {
        var file = withUnsafeBytes(of: UInt64(truncatingIfNeeded: length ?? header.utf8.count).littleEndian) {
            Data($0)
        }
        file.append(contentsOf: header.utf8)
        file.append(contentsOf: data)
        let path = "\(folder)/\(name)"
        try file.write(to: URL(fileURLWithPath: path))
        return path
    }

    func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    @Test("f32, f16 and bf16 are read as f32, aligned or not", arguments: ["", " "])
    func types(padding: String) throws {
        // Exact in all three types, with a subnormal and an infinity of f16.
        let values: [Float] = [0, -1.5, 0.25, 96]
        let halves: [UInt16] = [0x0000, 0xbe00, 0x3400, 0x5600, 0x0001, 0x7c00, 0x8000]
        let brains: [UInt16] = [0x0000, 0xbfc0, 0x3e80, 0x42c0]
        let path = try write(
            #"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"F16","shape":[7],"data_offsets":[16,30]},"#
                + #""c":{"dtype":"BF16","shape":[4,1],"data_offsets":[30,38]},"__metadata__":{"format":"pt"}}"#
                + padding,
            data: bytes(values) + bytes(halves) + bytes(brains))
        let file = try SafetensorsFile(path: path)
        #expect(Set(file.names) == ["a", "b", "c"])
        #expect(try file.tensor("a", shape: [2, 2]).floats() == values)
        #expect(try file.tensor("b", shape: [7]).floats() == values + [0x1p-24, .infinity, -0.0])
        #expect(try file.tensor("b", shape: [7]).floats(1..<3) == [-1.5, 0.25])
        #expect(try file.tensor("c", shape: [4, 1]).floats() == values)
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let header: String
        var data = 16
        var length: Int?
        let says: [String]
        var testDescription: String { says.joined(separator: ", ") }
    }

    static let broken: [Broken] = [
        Broken(header: "{}", length: 1000, says: ["truncated"]),
        Broken(header: "{}", length: -1, says: ["header"]),
        Broken(header: "{nonsense", says: ["JSON"]),
        Broken(header: "[1]", says: ["object"]),
        Broken(header: #"{"w":{"shape":[4],"data_offsets":[0,16]}}"#, says: ["\"w\"", "dtype"]),
        Broken(header: #"{"w":{"dtype":"Q7","shape":[4],"data_offsets":[0,16]}}"#, says: ["\"w\"", "Q7"]),
        Broken(header: #"{"w":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}"#, says: ["\"w\"", "shape"]),
        Broken(
            header: #"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}}"#,
            says: ["\"w\"", "large"]),
        Broken(header: #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0]}}"#, says: ["\"w\"", "data_offsets"]),
        Broken(
            header: #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, data: 12, says: ["\"w\"", "truncated"]),
        Broken(header: #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#, says: ["\"w\"", "outside"]),
        Broken(header: #"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}"#, says: ["\"w\"", "[3]"]),
        Broken(
            header:
                #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
            says: ["overlaps", "\"w\""]),
        Broken(
            header:
                #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#,
            says: ["\"x\"", "4 bytes before", "no tensor"]),
        Broken(
            header: #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 9,
            says: ["the last 1 bytes", "length"]),
        Broken(
            header: #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}  "#, length: 56,
            says: ["the last 1 bytes"]),
        Broken(
            header: #"{"w":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,4],"data_offsets":[0,16]}}"#,
            says: ["\"w\"", "17 dimensions"]),
    ]

    @Test("A header of nothing but nested lists is refused before it is built", .timeLimit(.minutes(10)))
    func nestedLists() throws {
        let lists = String(repeating: "[[],[]],", count: 2_000_000)
        let path = try write(#"{"w":[\#(lists)1]}"#, data: [])
        #expect { try SafetensorsFile(path: path) } throws: { "\($0)".contains("more than 500000 values") }
    }

    @Test("A message about a tensor is short, whatever the tensor's name")
    func longNames() throws {
        let name = String(repeating: "e\u{301}\u{302}", count: 500_000) + "\\n\u{202e}"
        let path = try write(#"{"\#(name)":{"dtype":"Q7","shape":[4],"data_offsets":[0,16]}}"#, data: [])
        #expect { try SafetensorsFile(path: path) } throws: { error in
            let message = "\(error)"
            return message.utf8.count < 2_000 && message.contains("Q7") && !message.contains("\n")
                && !message.contains("\u{202e}")
        }
    }

    @Test("A broken file is refused, naming file and tensor", arguments: broken)
    func refused(_ broken: Broken) throws {
        let path = try write(broken.header, data: [UInt8](repeating: 0, count: broken.data), length: broken.length)
        #expect { try SafetensorsFile(path: path) } throws: { error in
            (broken.says + [path]).allSatisfy { "\(error)".contains($0) }
        }
    }

    /// Opens a file and reads what its header tells of; any error will do.
    private func readAnything(_ path: String) {
        do throws(WeightFileError) {
            let file = try SafetensorsFile(path: path)
            for name in file.names {
                let shape = file.shape(name) ?? []
                let values = try file.tensor(name, shape: shape).floats()
                #expect(values.count == shape.reduce(1, *))
            }
        } catch {
            #expect("\(error)".contains(path))
        }
    }

    @Test("Every bit of a header flipped in turn, and every byte inverted, is refused or read")
    func flippedBits() throws {
        let header =
            #"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]}}"#
        let path = try write(header, data: [UInt8](repeating: 0x3f, count: 22))
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for place in 0..<(8 + header.utf8.count) {
            for change in (0..<8).map({ UInt8(1) << $0 }) + [0xFF] {
                var bytes = whole
                bytes[place] ^= change
                try bytes.write(to: URL(fileURLWithPath: path))
                readAnything(path)
            }
        }
    }

    @Test("Every byte of a whole model's header inverted in turn is refused or read")
    func flippedModel() throws {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/clip-small/model.safetensors").standardized
        let length = try Data(contentsOf: fixture).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let path = "\(folder)/model.safetensors"
        try FileManager.default.copyItem(at: fixture, to: URL(fileURLWithPath: path))
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let header = [UInt8](try #require(try file.read(upToCount: 8 + length)))
        for (place, byte) in header.enumerated() {
            try file.seek(toOffset: UInt64(place))
            try file.write(contentsOf: [~byte])
            do throws(WeightFileError) {
                let damaged = try SafetensorsFile(path: path)
                for name in damaged.names { _ = try damaged.tensor(name, shape: damaged.shape(name) ?? []) }
            } catch {
                #expect("\(error)".contains(path))
            }
            try file.seek(toOffset: UInt64(place))
            try file.write(contentsOf: [byte])
        }
        try file.close()
        #expect(try SafetensorsFile(path: path).names.isEmpty == false)
    }

    @Test("A tensor that is missing, of another shape or of another type is refused by name")
    func wrongTensor() throws {
        let path = try write(
            #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"ids":{"dtype":"I64","shape":[2],"data_offsets":[16,32]}}"#,
            data: [UInt8](repeating: 0, count: 32))
        let file = try SafetensorsFile(path: path)
        #expect(throws: WeightFileError.missingTensor(file: path, tensor: "v")) { try file.tensor("v", shape: [4]) }
        #expect(throws: WeightFileError.shape(file: path, tensor: "w", found: [4], expected: [2, 2])) {
            try file.tensor("w", shape: [2, 2])
        }
        #expect { try file.tensor("ids", shape: [2]) } throws: {
            "\($0)".contains("I64") && "\($0)".contains("\"ids\"")
        }
    }

    @Test("Shards are found through the index; a shard or tensor that is missing is named")
    func shards() throws {
        _ = try write(
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: bytes([Float(1)]), name: "s1.safetensors")
        _ = try write(
            #"{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: bytes([Float(2)]), name: "s2.safetensors")
        func index(_ map: String) throws -> String {
            let path = "\(folder)/model.safetensors.index.json"
            try Data(#"{"weight_map": \#(map)}"#.utf8).write(to: URL(fileURLWithPath: path))
            return path
        }
        let files = try WeightFiles(index: index(#"{"a": "s1.safetensors", "b": "s2.safetensors"}"#))
        #expect(try files.tensor("b", shape: [1]).floats() == [2])
        #expect(Set(files.names) == ["a", "b"])
        #expect { try WeightFiles(index: index(#"{"a": "s1.safetensors", "b": "s3.safetensors"}"#)) } throws: {
            "\($0)".contains("s3.safetensors") && "\($0)".contains("index.json")
        }
        #expect { try WeightFiles(index: index(#"{"b": "s1.safetensors"}"#)) } throws: {
            "\($0)".contains("s1.safetensors") && "\($0)".contains("\"b\"")
        }
        #expect { try WeightFiles(index: index(#"{"a": "../s1.safetensors"}"#)) } throws: { "\($0)".contains("\"a\"") }
    }

    @Test("A file deleted or replaced is read on; one cut short or written to is refused, never the end")
    func changed() throws {
        let header =
            #"{"w":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#
        let data = bytes([UInt16](repeating: 0x3c00, count: 4)) + bytes([Float(2), 3])
        let path = try write(header, data: data)
        let file = try SafetensorsFile(path: path)
        let (w, v) = (try file.tensor("w", shape: [4]), try file.tensor("v", shape: [2]))
        try FileManager.default.removeItem(atPath: path)
        #expect(try w.floats() == [1, 1, 1, 1])
        _ = try write(header, data: [UInt8](repeating: 0, count: 16))
        #expect(try v.floats() == [2, 3])

        for change in [{ truncate(path, 9) == 0 }, { truncate(path, off_t(8 + header.utf8.count + 12)) == 0 }] {
            _ = try write(header, data: data)
            let file = try SafetensorsFile(path: path)
            let tensors = (try file.tensor("w", shape: [4]), try file.tensor("v", shape: [2]))
            #expect(change())
            #expect(throws: WeightFileError.changed(file: path)) { try tensors.0.floats() }
            #expect(throws: WeightFileError.changed(file: path)) { try tensors.1.floats(0..<1) }
        }
        _ = try write(header, data: data)
        let written = try SafetensorsFile(path: path).tensor("v", shape: [2])
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: [1])
        try handle.close()
        #expect(throws: WeightFileError.changed(file: path)) { try written.floats() }
    }

    @Test("Halves are read piece by piece")
    func pieces() throws {
        let count = (1 << 18) * 2 + 7
        let halves = (0..<count).map { UInt16(truncatingIfNeeded: $0 % 0x3c00) }
        let path = try write(
            #"{"w":{"dtype":"BF16","shape":[\#(count)],"data_offsets":[0,\#(2 * count)]}}"#, data: bytes(halves))
        let values = try SafetensorsFile(path: path).tensor("w", shape: [count]).floats()
        #expect(values == halves.map { Float(bitPattern: UInt32($0) << 16) })
    }

    @Test("Files that are absent, empty or folders are refused")
    func unreadable() throws {
        try Data().write(to: URL(fileURLWithPath: "\(folder)/empty"))
        for path in ["\(folder)/absent", "\(folder)/empty", folder] {
            #expect { try SafetensorsFile(path: path) } throws: { "\($0)".contains(path) }
        }
    }
}

@Suite("The processor", .timeLimit(.minutes(10)))
struct CPUFeaturesTests {
    @Test(
        "Features are those that the kernel reports and FIXLIPD_INSTRUCTION_SET allows",
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/cpuinfo")))
    func features() throws {
        let info = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        guard let line = info.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else { return }
        let flags = Set(line.split(separator: " "))
        let limit = ProcessInfo.processInfo.environment["FIXLIPD_INSTRUCTION_SET"]
        let features = CPUFeatures.current
        #expect(features.avx2 == (flags.contains("avx2") && flags.contains("fma") && limit != "baseline"))
        let avx512 = ["avx512f", "avx512bw", "avx512vl", "avx512dq"].allSatisfy { flags.contains($0) }
        #expect(features.avx512 == (avx512 && limit == nil))
        #expect(features.vnni == ((flags.contains("avx512_vnni") || flags.contains("avx_vnni")) && limit == nil))
        #expect(features.bf16 == ((flags.contains("avx512_bf16") || flags.contains("amx_bf16")) && limit == nil))
        #expect(oneDNNVersion.split(separator: ".").count == 3)
    }
}
