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
/// - Parameters:
///   - width, height: size of `rgb`.
///   - outputWidth, outputHeight: size of the whole resized picture.
///   - window: what to return of it; inside `outputWidth` × `outputHeight`.
/// - Returns: `[window.rows.count, window.columns.count, 3]`.
func resample(
    rgb: [UInt8], width: Int, height: Int, outputWidth: Int, outputHeight: Int, filter: ResampleFilter,
    window: PixelWindow
) -> [UInt8] {
    if filter == .nearest {
        return pick(
            rgb: rgb, width: width,
            columns: nearestSources(inputSize: width, outputSize: outputWidth, outputs: window.columns),
            rows: nearestSources(inputSize: height, outputSize: outputHeight, outputs: window.rows))
    }
    let vertical =
        outputHeight == height
        ? nil : AxisWeights(inputSize: height, outputSize: outputHeight, outputs: window.rows, filter: filter)
    let rows = vertical?.inputRange ?? window.rows
    let narrowed: [UInt8]
    if outputWidth == width {
        narrowed = pick(rgb: rgb, width: width, columns: Array(window.columns), rows: Array(rows))
    } else {
        let horizontal = AxisWeights(
            inputSize: width, outputSize: outputWidth, outputs: window.columns, filter: filter)
        narrowed = resampleRows(rgb: rgb, width: width, rows: rows, weights: horizontal)
    }
    guard let vertical else { return narrowed }
    return resampleColumns(
        bytes: narrowed, rowBytes: window.columns.count * 3, firstRow: rows.lowerBound, weights: vertical)
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

/// The horizontal pass: `[rows.count, weights.first.count, 3]`.
private func resampleRows(rgb: [UInt8], width: Int, rows: Range<Int>, weights: AxisWeights) -> [UInt8] {
    let columns = weights.first.count
    let needed = weights.inputRange
    let count = rows.count * columns * 3
    // One row with its channels apart, so that a weighted sum runs over neighbouring numbers.
    let plane = needed.count
    let planes = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 3 * plane)
    defer { planes.deallocate() }
    planes.initialize(repeating: 0)
    return [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
        rgb.withUnsafeBufferPointer { source in
            weights.weights.withUnsafeBufferPointer { factors in
                var target = 0
                for row in rows {
                    let pixels = UnsafeBufferPointer(
                        rebasing: source[(row * width + needed.lowerBound) * 3..<(row * width + needed.upperBound) * 3])
                    for x in 0..<plane {
                        planes[x] = Int32(pixels[3 * x])
                        planes[plane + x] = Int32(pixels[3 * x + 1])
                        planes[2 * plane + x] = Int32(pixels[3 * x + 2])
                    }
                    for column in 0..<columns {
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
                        out.initializeElement(at: target, to: clippedByte(r))
                        out.initializeElement(at: target + 1, to: clippedByte(g))
                        out.initializeElement(at: target + 2, to: clippedByte(b))
                        target += 3
                    }
                }
            }
        }
        initialized = count
    }
}

/// The vertical pass over rows of bytes, the first of which is input row `firstRow`.
private func resampleColumns(bytes: [UInt8], rowBytes: Int, firstRow: Int, weights: AxisWeights) -> [UInt8] {
    let rows = weights.first.count
    let sums = UnsafeMutableBufferPointer<Int32>.allocate(capacity: rowBytes)
    defer { sums.deallocate() }
    return [UInt8](unsafeUninitializedCapacity: rows * rowBytes) { out, initialized in
        bytes.withUnsafeBufferPointer { source in
            for row in 0..<rows {
                sums.initialize(repeating: half)
                for tap in 0..<weights.count[row] {
                    let k = weights.weights[row * weights.stride + tap]
                    let start = (weights.first[row] - firstRow + tap) * rowBytes
                    let line = UnsafeBufferPointer(rebasing: source[start..<start + rowBytes])
                    for x in 0..<rowBytes { sums[x] &+= Int32(line[x]) &* k }
                }
                for x in 0..<rowBytes { out.initializeElement(at: row * rowBytes + x, to: clippedByte(sums[x])) }
            }
        }
        initialized = rows * rowBytes
    }
}
