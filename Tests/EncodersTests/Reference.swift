import Encoders
import Tensors

/// The reference library's own pixels and what its towers make of them (tools/fixtures/reference_pixels.py).
struct Reference {
    private let file: SafetensorsFile

    init(_ fixture: Fixture) throws {
        file = try SafetensorsFile(path: "\(fixture.folder)/reference-pixels.safetensors")
    }

    func values(_ name: String) throws -> [Float] {
        try file.tensor(name, shape: file.shape(name)!).floats()
    }

    func rows(_ name: String) throws -> [[Float]] {
        let columns = file.shape(name)![1]
        let all = try values(name)
        return stride(from: 0, to: all.count, by: columns).map { Array(all[$0..<$0 + columns]) }
    }

    func masks(_ name: String) throws -> [[UInt8]] {
        try rows(name).map { $0.map { UInt8($0) } }
    }

    func integers(_ name: String) throws -> [Int] { try values(name).map { Int($0) } }
}
