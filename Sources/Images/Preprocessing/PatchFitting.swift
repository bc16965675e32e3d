/// The largest size of whole patches that keeps about a picture's aspect ratio, as `Siglip2ImageProcessor` finds it.
struct PatchFitting {
    /// Pixels along a patch's edge.
    let edge: Int
    /// The most patches of a picture.
    let most: Int

    /// How closely the scale is bisected.
    private static let precision = 1e-5

    /// - Parameters: the size of the picture, in pixels.
    func size(height: Int, width: Int) -> (height: Int, width: Int) {
        // The reference's bisection, step by step, so that its rounding is the reference's too.
        var lower = Self.precision / 10
        var upper = 100.0
        while upper - lower >= Self.precision {
            let scale = (lower + upper) / 2
            if patches(scale, height) * patches(scale, width) <= Double(most) {
                lower = scale
            } else {
                upper = scale
            }
        }
        return (Int(patches(lower, height)) * edge, Int(patches(lower, width)) * edge)
    }

    /// How many patches lie along a side of `pixels`; one at least.
    private func patches(_ scale: Double, _ pixels: Int) -> Double {
        max(1, (Double(pixels) * scale / Double(edge)).rounded(.up))
    }
}
