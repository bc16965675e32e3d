/// How the pixels a model sees lie in the picture a viewer shows.
///
/// Source pixels are those of the decoded picture (upright, EXIF orientation applied); coordinates are of pixel
/// edges, so a whole picture is the box (0, 0, width, height).
package struct ImageGeometry: Sendable, Equatable {
    package let sourceWidth: Int, sourceHeight: Int
    /// Size after the resize, before the crop.
    package let resizedWidth: Int, resizedHeight: Int
    /// Offset of the crop in the resized picture; negative where the picture was padded.
    package let cropLeft: Int, cropTop: Int
    /// Size of what the model sees.
    package let inputWidth: Int, inputHeight: Int

    package init(
        sourceWidth: Int, sourceHeight: Int, resizedWidth: Int, resizedHeight: Int, cropLeft: Int, cropTop: Int,
        inputWidth: Int, inputHeight: Int
    ) {
        self.sourceWidth = sourceWidth
        self.sourceHeight = sourceHeight
        self.resizedWidth = resizedWidth
        self.resizedHeight = resizedHeight
        self.cropLeft = cropLeft
        self.cropTop = cropTop
        self.inputWidth = inputWidth
        self.inputHeight = inputHeight
    }

    /// A box of model-input pixels in source pixels, clamped to the picture.
    ///
    /// A box that lies in padding only comes back with no area, at the picture's edge.
    package func sourceBox(
        ofInput box: (x0: Double, y0: Double, x1: Double, y1: Double)
    ) -> (x0: Double, y0: Double, x1: Double, y1: Double) {
        func across(_ x: Double) -> Double {
            min(max((x + Double(cropLeft)) * Double(sourceWidth) / Double(resizedWidth), 0), Double(sourceWidth))
        }
        func down(_ y: Double) -> Double {
            min(max((y + Double(cropTop)) * Double(sourceHeight) / Double(resizedHeight), 0), Double(sourceHeight))
        }
        return (across(box.x0), down(box.y0), across(box.x1), down(box.y1))
    }

    /// The patch at `row`, `column` of the patch grid in source pixels, clamped to the picture.
    package func sourceBox(
        ofPatchRow row: Int, column: Int, patchSize: Int
    ) -> (x0: Double, y0: Double, x1: Double, y1: Double) {
        sourceBox(
            ofInput: (
                Double(column * patchSize), Double(row * patchSize), Double((column + 1) * patchSize),
                Double((row + 1) * patchSize)
            ))
    }
}
