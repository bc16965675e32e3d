import Foundation
import Rendering
import Testing

/// Smooth maps and maps patch by patch; whole drawings and compact ones.
@Suite("Map styles", .timeLimit(.minutes(10)))
struct MapStyleTests {
    /// The grey pictures of a smooth map by the name of their layer, as opacities in rows of `columns`.
    private func layers(_ values: [Double], columns: Int) throws -> [String: [Double]] {
        let boxes = values.indices.map { index in
            Picture.Box(
                x0: Double(index % columns) * 10, y0: Double(index / columns) * 10,
                x1: Double(index % columns) * 10 + 10,
                y1: Double(index / columns) * 10 + 10)
        }
        let markup = try #require(
            SmoothHeat(boxes: boxes, values: values.map { Measured($0) }, scale: 1, columns: columns, id: "m").markup())
        var found: [String: [Double]] = [:]
        for part in markup.components(separatedBy: "<mask id=\"m-").dropFirst() {
            let data = try #require(part.components(separatedBy: "base64,").last?.components(separatedBy: "\"").first)
            let png = try #require(Data(base64Encoded: data)).map { $0 }
            // Header: width at 16, height at 20; the one stored block of the pixels begins 7 bytes into IDAT's content.
            let (width, height) = (Int(png[19]) | Int(png[18]) << 8, Int(png[23]) | Int(png[22]) << 8)
            let rows = png[(41 + 7)...].prefix((width + 1) * height)
            found[String(part.prefix(1))] = rows.enumerated().compactMap {
                $0.offset % (width + 1) == 0 ? nil : Double($0.element) / 255
            }
        }
        return found
    }

    @Test("A smooth map has each patch's own strength at its centre, whatever its neighbours are")
    func centres() throws {
        let values = [1, 0, -0.5, 0, 0.25, 0, 0, 0, 1]
        let found = try layers(values, columns: 3)
        // 40 samples along a side of 3 patches: 14 for each, whose middle lies between the 7th and the 8th.
        let side = 42
        for (patch, value) in values.enumerated() {
            let sample = (patch / 3 * 14 + 7) * side + patch % 3 * 14 + 7
            let expected = (
                abs(value) * Tint.heatOpacity, pow(1 - abs(value), HeatMarkup.veilExponent) * Tint.veilOpacity
            )
            #expect(abs((found["p"]?[sample] ?? 0) - (value > 0 ? expected.0 : 0)) < 0.02)
            #expect(abs((found["n"]?[sample] ?? 0) - (value < 0 ? expected.0 : 0)) < 0.02)
            #expect(abs((found["v"]?[sample] ?? 0) - expected.1) < 0.03)
        }
    }

    @Test("A smooth map never goes beyond its patches' strengths, and leaves out layers without any")
    func bounds() throws {
        let found = try layers([0.5, 0.5, 0.25, 0.5], columns: 2)
        #expect(found["n"] == nil)
        #expect(
            found["p"]?.allSatisfy { $0 > 0.25 * Tint.heatOpacity - 0.01 && $0 < 0.5 * Tint.heatOpacity + 0.01 } == true
        )
    }

    @Test("Regions, which form no grid, are drawn as they are")
    func regions() throws {
        var picture = Sample.picture()
        (picture.patches.rows, picture.patches.columns) = (1, 2)
        #expect(!(try picture.svg()).contains("<mask"))
        #expect(
            try Sample.picture().svg().contains("<mask") && !Sample.picture().svg(.init(map: .cells)).contains("<mask"))
    }

    @Test("A compact drawing has the caption, the picture and the words, and is smaller")
    func compact() throws {
        let picture = Sample.picture()
        for (whole, compact) in [
            (try picture.svg(), try picture.svg(.init(isCompact: true))),
            (try picture.html(), try picture.html(.init(isCompact: true))),
        ] {
            #expect(compact.utf8.count < whole.utf8.count * 3 / 4)
            #expect(compact.contains("dog") && compact.contains("a-image") && compact.contains("logits"))
            for title in ["How it adds up", "Parts of it", "As the budget grew", "Words and patches"] {
                #expect(whole.contains(title) && !compact.contains(title))
            }
        }
    }
}
