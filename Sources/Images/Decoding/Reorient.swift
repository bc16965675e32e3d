/// Turns stored pixels upright by an EXIF orientation (Exif 2.3, tag 0x0112).
///
/// Orientation 2 mirrors left-right, 3 turns by 180°, 4 mirrors top-bottom, 5 transposes, 6 turns 90° clockwise,
/// 7 transposes across the other diagonal, 8 turns 90° counter-clockwise.
///
/// - Returns: nil where `isCancelled`, which is asked every few milliseconds, said so.
func reorient(
    rgb: [UInt8], width: Int, height: Int, orientation: Int, format: ImageFormat, isCancelled: () -> Bool
) -> DecodedImage? {
    guard (2...8).contains(orientation) else {
        return DecodedImage(width: width, height: height, rgb: rgb, format: format)
    }
    let swapped = orientation >= 5
    let outWidth = swapped ? height : width
    let outHeight = swapped ? width : height
    let rowsAStep = (1 << 18) / outWidth + 1
    let lastX = width - 1
    let lastY = height - 1
    let turned = [UInt8](unsafeUninitializedCapacity: rgb.count) { out, initialized in
        rgb.withUnsafeBufferPointer { stored in
            var target = 0
            for y in 0..<outHeight {
                if y % rowsAStep == 0, isCancelled() { return }
                // Along an output row the stored position moves by a constant step.
                let (first, second): (Int, Int) =
                    switch orientation {
                    case 2: (y * width + lastX, y * width + lastX - 1)
                    case 3: ((lastY - y) * width + lastX, (lastY - y) * width + lastX - 1)
                    case 4: ((lastY - y) * width, (lastY - y) * width + 1)
                    case 5: (y, width + y)
                    case 6: (lastY * width + y, (lastY - 1) * width + y)
                    case 7: (lastY * width + lastX - y, (lastY - 1) * width + lastX - y)
                    default: (lastX - y, width + lastX - y)
                    }
                var source = 3 * first
                let step = 3 * (second - first)
                for _ in 0..<outWidth {
                    out.initializeElement(at: target, to: stored[source])
                    out.initializeElement(at: target + 1, to: stored[source + 1])
                    out.initializeElement(at: target + 2, to: stored[source + 2])
                    target += 3
                    source += step
                }
            }
            initialized = target
        }
    }
    guard turned.count == rgb.count else { return nil }
    return DecodedImage(
        width: outWidth, height: outHeight, rgb: turned, format: format, orientationApplied: orientation)
}
