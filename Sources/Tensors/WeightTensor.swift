import COneDNN

/// A tensor inside a mapped file, read as f32.
public struct WeightTensor: Sendable {
    let file: MappedFile
    public let name: String
    public let type: WeightType
    public let shape: [Int]
    let range: Range<Int>

    public var count: Int { range.count / type.bytes }

    /// The values as f32, row by row.
    public func floats() -> [Float] {
        floats(0..<count)
    }

    /// The values `elements` of the row-by-row order, as f32.
    public func floats(_ elements: Range<Int>) -> [Float] {
        precondition(elements.lowerBound >= 0 && elements.upperBound <= count)
        return [Float](unsafeUninitializedCapacity: elements.count) { buffer, initialised in
            read(elements, into: buffer)
            initialised = elements.count
        }
    }

    /// Reads all values as f32 into `buffer`, which has room for exactly them.
    public func read(into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(buffer.count == count)
        read(0..<count, into: buffer)
    }

    /// Gives `body` the values as f32: the mapped bytes themselves where they are f32 and aligned, else a copy.
    public func withFloats<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if type == .f32, let base = file.bytes.baseAddress, UInt(bitPattern: base + range.lowerBound) % 4 == 0 {
            let start = (base + range.lowerBound).assumingMemoryBound(to: Float.self)
            return try body(UnsafeBufferPointer(start: start, count: count))
        }
        let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
        defer { copy.deallocate() }
        read(0..<count, into: copy)
        return try body(UnsafeBufferPointer(copy))
    }

    private func read(_ elements: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>) {
        guard let base = file.bytes.baseAddress, let target = buffer.baseAddress, !elements.isEmpty else { return }
        let source = base + range.lowerBound + elements.lowerBound * type.bytes
        switch type {
        case .f32:
            UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: elements.count * 4)
        case .f16, .bf16:
            convert(from: source, to: target, count: elements.count)
        }
    }

    private func convert(from source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>, count: Int) {
        if UInt(bitPattern: source) % 2 == 0 {
            let halves = source.assumingMemoryBound(to: UInt16.self)
            if type == .f16 {
                cdnn_f16_to_f32(halves, target, Int64(count))
            } else {
                cdnn_bf16_to_f32(halves, target, Int64(count))
            }
        } else {
            for i in 0..<count {
                var half = source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
                if type == .f16 {
                    cdnn_f16_to_f32(&half, target + i, 1)
                } else {
                    cdnn_bf16_to_f32(&half, target + i, 1)
                }
            }
        }
    }
}
