import COneDNN

/// A tensor inside a weight file, read as f32.
///
/// Reading throws ``WeightFileError/unreadable(file:reason:)`` and ``WeightFileError/changed(file:)``.
package struct WeightTensor: Sendable {
    /// Halves are read and widened in pieces of this many.
    private static let pieceLength = 1 << 18

    let file: WeightFile
    package let name: String
    package let type: WeightType
    package let shape: [Int]
    let range: Range<Int>

    package var count: Int { range.count / type.bytes }

    /// The values as f32, row by row.
    package func floats() throws(WeightFileError) -> [Float] {
        try floats(0..<count)
    }

    /// The values `elements` of the row-by-row order, as f32.
    package func floats(_ elements: Range<Int>) throws(WeightFileError) -> [Float] {
        precondition(elements.lowerBound >= 0 && elements.upperBound <= count)
        var failure: WeightFileError?
        let values = [Float](unsafeUninitializedCapacity: elements.count) { buffer, initialised in
            do throws(WeightFileError) {
                try read(elements, into: UnsafeMutableBufferPointer(rebasing: buffer[..<elements.count]))
                initialised = elements.count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return values
    }

    /// Reads all values as f32 into `buffer`, which has room for exactly them.
    package func read(into buffer: UnsafeMutableBufferPointer<Float>) throws(WeightFileError) {
        precondition(buffer.count == count)
        try read(0..<count, into: buffer)
    }

    /// - Parameters:
    ///   - values: some of this tensor's values.
    ///   - first: the element that `values` begin with.
    /// - Throws: ``WeightFileError/notFinite(file:tensor:element:)`` where one of them is a NaN or an infinity.
    package func checkFinite(
        _ values: UnsafeBufferPointer<Float>, from first: Int = 0
    ) throws(WeightFileError) {
        // Exponents of ones alone carry into the sign's place; without a branch the loop is one of vectors.
        let allOnes: UInt32 = 0x7F80_0000
        let carries = values.reduce(UInt32(0)) { $0 | (($1.bitPattern & allOnes) &+ 0x0080_0000) }
        guard carries & 0x8000_0000 != 0 else { return }
        throw .notFinite(
            file: file.path, tensor: name, element: first + (values.firstIndex { !$0.isFinite } ?? 0))
    }

    private func read(
        _ elements: Range<Int>, into buffer: UnsafeMutableBufferPointer<Float>
    ) throws(WeightFileError) {
        guard !elements.isEmpty else { return }
        let start = range.lowerBound + elements.lowerBound * type.bytes
        guard type != .f32 else {
            try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: start)
            return
        }
        let halves = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: min(elements.count, Self.pieceLength))
        defer { halves.deallocate() }
        var done = 0
        while done < elements.count {
            let piece = UnsafeMutableBufferPointer(rebasing: halves[..<min(halves.count, elements.count - done)])
            try file.read(into: UnsafeMutableRawBufferPointer(piece), at: start + 2 * done)
            if let source = piece.baseAddress, let target = buffer.baseAddress {
                if type == .f16 {
                    cdnn_f16_to_f32(source, target + done, Int64(piece.count))
                } else {
                    cdnn_bf16_to_f32(source, target + done, Int64(piece.count))
                }
            }
            done += piece.count
        }
    }
}
