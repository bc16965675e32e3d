/// A rectangle of pixels.
struct PixelWindow: Equatable {
    var columns: Range<Int>
    var rows: Range<Int>
}

/// Resizes `[height, width, 3]` bytes exactly as Pillow's `Image.resize` and returns a window of the result.
///
/// Pillow's scheme: a horizontal pass over the rows that count, rounded to bytes, then a vertical pass; an axis
/// that keeps its size is copied. Output pixels do not depend on each other, so only those of `window` are computed.
///
/// Pillow keeps the whole result of the horizontal pass, which for a tall picture is many times the picture itself.
/// Here each of its rows is added to the output rows that it counts for and forgotten, so that beside the result only
/// the sums of unfinished output rows are held: four bytes for each byte of the result at most.
///
/// - Parameters:
///   - width, height: size of `rgb`.
///   - outputWidth, outputHeight: size of the whole resized picture.
///   - window: what to return of it; inside `outputWidth` × `outputHeight`.
///   - checkpoint: called every few milliseconds; what it throws ends the work.
/// - Returns: `[window.rows.count, window.columns.count, 3]`.
func resample<Failure: Error>(
    rgb: [UInt8], width: Int, height: Int, outputWidth: Int, outputHeight: Int, filter: ResampleFilter,
    window: PixelWindow, checkpoint: () throws(Failure) -> Void
) throws(Failure) -> [UInt8] {
    if filter == .nearest {
        return pick(
            rgb: rgb, width: width,
            columns: nearestSources(inputSize: width, outputSize: outputWidth, outputs: window.columns),
            rows: nearestSources(inputSize: height, outputSize: outputHeight, outputs: window.rows))
    }
    let horizontal =
        outputWidth == width
        ? nil
        : try AxisWeights(
            inputSize: width, outputSize: outputWidth, outputs: window.columns, filter: filter, checkpoint: checkpoint)
    let vertical =
        outputHeight == height
        ? nil
        : try AxisWeights(
            inputSize: height, outputSize: outputHeight, outputs: window.rows, filter: filter, checkpoint: checkpoint)
    var horizontalPass = HorizontalPass(rgb: rgb, width: width, columns: window.columns, weights: horizontal)
    let rowBytes = window.columns.count * 3
    var bytes = [UInt8](repeating: 0, count: window.rows.count * rowBytes)
    var work = 0

    guard let vertical else {
        for (index, row) in window.rows.enumerated() {
            horizontalPass.resample(row: row, into: &bytes, at: index * rowBytes)
            try count(horizontalPass.workOfRow, in: &work, checkpoint)
        }
        return bytes
    }
    var line = [UInt8](repeating: 0, count: rowBytes)
    var verticalPass = VerticalPass(rowBytes: rowBytes, weights: vertical)
    for row in vertical.inputRange {
        horizontalPass.resample(row: row, into: &line, at: 0)
        let additions = verticalPass.add(line, row: row, result: &bytes)
        try count(horizontalPass.workOfRow + additions * rowBytes, in: &work, checkpoint)
    }
    return bytes
}

/// Adds `amount` multiplications to `work`, and calls `checkpoint` once they make about a millisecond.
private func count<Failure: Error>(
    _ amount: Int, in work: inout Int, _ checkpoint: () throws(Failure) -> Void
) throws(Failure) {
    work += amount
    guard work >= 1 << 20 else { return }
    work = 0
    try checkpoint()
}

/// Input positions of the nearest-neighbour filter; Pillow adds the scale up step by step, and so does this.
private func nearestSources(inputSize: Int, outputSize: Int, outputs: Range<Int>) -> [Int] {
    if inputSize == outputSize { return Array(outputs) }
    let scale = Double(inputSize) / Double(outputSize)
    var position = scale * 0.5
    var sources: [Int] = []
    for output in 0..<outputs.upperBound {
        if output >= outputs.lowerBound { sources.append(min(Int(position), inputSize - 1)) }
        position += scale
    }
    return sources
}

/// The pixels where the given rows and columns cross.
private func pick(rgb: [UInt8], width: Int, columns: [Int], rows: [Int]) -> [UInt8] {
    let count = rows.count * columns.count * 3
    return [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
        rgb.withUnsafeBufferPointer { source in
            var target = 0
            for row in rows {
                for column in columns {
                    let pixel = (row * width + column) * 3
                    for channel in 0..<3 { out.initializeElement(at: target + channel, to: source[pixel + channel]) }
                    target += 3
                }
            }
        }
        initialized = count
    }
}

@inline(__always)
private func clippedByte(_ sum: Int32) -> UInt8 {
    UInt8(clamping: sum >> Int32(AxisWeights.precisionBits))
}

private let half = Int32(1) << Int32(AxisWeights.precisionBits - 1)

/// The horizontal pass over one row after the other.
private struct HorizontalPass {
    let rgb: [UInt8]
    /// Pixels in a row of `rgb`.
    let width: Int
    /// What to make of each row.
    let columns: Range<Int>
    /// Nil where rows keep their width.
    let weights: AxisWeights?
    private let needed: Range<Int>
    /// One row with its channels apart, so that a weighted sum runs over neighbouring numbers.
    private var planes: [Int32]

    init(rgb: [UInt8], width: Int, columns: Range<Int>, weights: AxisWeights?) {
        self.rgb = rgb
        self.width = width
        self.columns = columns
        self.weights = weights
        needed = weights?.inputRange ?? columns
        planes = [Int32](repeating: 0, count: weights == nil ? 0 : 3 * needed.count)
    }

    /// Multiplications that a row takes, about.
    var workOfRow: Int { 3 * (needed.count + (weights.map { $0.stride * columns.count } ?? 0)) }

    /// Writes the bytes of `columns` of a row to `out`, from `target` on.
    mutating func resample(row: Int, into out: inout [UInt8], at target: Int) {
        let start = 3 * (row * width + needed.lowerBound)
        let length = 3 * needed.count
        guard let weights else {
            out.withUnsafeMutableBufferPointer { out in
                rgb.withUnsafeBufferPointer { source in
                    for offset in 0..<length { out[target + offset] = source[start + offset] }
                }
            }
            return
        }
        let plane = needed.count
        planes.withUnsafeMutableBufferPointer { planes in
            rgb.withUnsafeBufferPointer { source in
                let pixels = UnsafeBufferPointer(rebasing: source[start..<start + length])
                for x in 0..<plane {
                    planes[x] = Int32(pixels[3 * x])
                    planes[plane + x] = Int32(pixels[3 * x + 1])
                    planes[2 * plane + x] = Int32(pixels[3 * x + 2])
                }
            }
        }
        planes.withUnsafeBufferPointer { planes in
            weights.weights.withUnsafeBufferPointer { factors in
                out.withUnsafeMutableBufferPointer { out in
                    var target = target
                    for column in 0..<columns.count {
                        let start = weights.first[column] - needed.lowerBound
                        let taps = weights.count[column]
                        let k = factors.baseAddress.unsafelyUnwrapped + column * weights.stride
                        let red = planes.baseAddress.unsafelyUnwrapped + start
                        let green = red + plane
                        let blue = green + plane
                        var r = half
                        var g = half
                        var b = half
                        for tap in 0..<taps {
                            r &+= red[tap] &* k[tap]
                            g &+= green[tap] &* k[tap]
                            b &+= blue[tap] &* k[tap]
                        }
                        out[target] = clippedByte(r)
                        out[target + 1] = clippedByte(g)
                        out[target + 2] = clippedByte(b)
                        target += 3
                    }
                }
            }
        }
    }
}

/// The vertical pass, which is given its input rows in order.
private struct VerticalPass {
    let rowBytes: Int
    let weights: AxisWeights
    /// Sums of the output rows that have begun and are not finished, one after the other around a ring.
    private var sums: [Int32]
    private let ring: Int
    /// Output rows that have begun, and the ones of them that are finished.
    private var begun = 0
    private var finished = 0

    init(rowBytes: Int, weights: AxisWeights) {
        self.rowBytes = rowBytes
        self.weights = weights
        // The most output rows that are unfinished at a time.
        var most = 0
        var oldest = 0
        for output in weights.first.indices {
            while weights.first[oldest] + weights.count[oldest] <= weights.first[output] { oldest += 1 }
            most = max(most, output + 1 - oldest)
        }
        ring = most
        sums = [Int32](repeating: half, count: most * rowBytes)
    }

    /// Adds an input row to the output rows that it counts for, and writes those it finishes to `result`.
    /// - Returns: how many output rows it counts for.
    mutating func add(_ line: [UInt8], row: Int, result: inout [UInt8]) -> Int {
        while begun < weights.first.count, weights.first[begun] <= row { begun += 1 }
        let unfinished = finished..<begun
        sums.withUnsafeMutableBufferPointer { sums in
            line.withUnsafeBufferPointer { line in
                for output in unfinished {
                    let k = weights.weights[output * weights.stride + row - weights.first[output]]
                    let start = output % ring * rowBytes
                    let sum = UnsafeMutableBufferPointer(rebasing: sums[start..<start + rowBytes])
                    for x in 0..<rowBytes { sum[x] &+= Int32(line[x]) &* k }
                }
            }
        }
        while finished < begun, weights.first[finished] + weights.count[finished] == row + 1 {
            let start = finished % ring * rowBytes
            for x in 0..<rowBytes {
                result[finished * rowBytes + x] = clippedByte(sums[start + x])
                sums[start + x] = half
            }
            finished += 1
        }
        return unfinished.count
    }
}
