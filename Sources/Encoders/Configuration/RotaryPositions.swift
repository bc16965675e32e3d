import Foundation
import Tensors

/// Rotary positions in two dimensions: half of a head's pairs of columns are turned by a patch's row, half
/// by its column.
struct RotaryPositions: Sendable, Equatable {
    enum Order: Sendable, Equatable { case rowFirst, columnFirst }

    var order: Order
    /// Added to rows and columns, which begin at 0.
    var offset: Double
    /// Patches along an edge in pretraining, to which positions are scaled.
    var referenceEdge: Int

    /// The base of the frequencies, 10000^(−i / n) for pair i of n.
    private static let temperature = 10000.0

    /// The angles of a grid's patches, row by row, for heads of `width` columns: as timm's `RotaryEmbeddingCat`
    /// has them.
    func rotation(of grid: PatchGrid, width: Int) -> Rotation {
        let bands = (0..<width / 4).map { pow(Self.temperature, -Double($0) / Double(width / 4)) }
        func scaled(_ place: Int, of count: Int) -> Double {
            (Double(place) + offset) / Double(count) * Double(referenceEdge)
        }
        var angles: [Double] = []
        angles.reserveCapacity(grid.count * width / 2)
        for row in 0..<grid.rows {
            for column in 0..<grid.columns {
                let (down, across) = (scaled(row, of: grid.rows), scaled(column, of: grid.columns))
                for position in order == .rowFirst ? [down, across] : [across, down] {
                    angles += bands.map { position * $0 }
                }
            }
        }
        return Rotation(angles: angles, width: width, cosine: cos, sine: sin)
    }
}
