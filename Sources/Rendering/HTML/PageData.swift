/// What the page's script computes with: players' boxes, values and pairs, without a word of the caption.
struct PageData {
    var report: Report

    private var picture: Picture { report.picture }
    private var scales: Report.Scales { report.scales }

    /// Pairs of two patches are left out beyond this many players, where they would outweigh the image.
    private static let mostPlayers = 320

    func markup() -> String {
        let boxes = picture.patches.boxes.map { "[\([$0.x0, $0.y0, $0.x1, $0.y1].map(px).joined(separator: ","))]" }
        let patches = picture.patchPlayers.map(picture.reading)
        // Pairs of words, often much larger, are not drawn on the image.
        let same = picture.patchPlayers.flatMap { a in picture.patchPlayers.map { picture.pair(a, $0) } }
        let sameScale = same.map { abs($0.value) }.max() ?? 0
        var members = [
            "\"boxes\":[\(boxes.joined(separator: ","))]", "\"words\":\(picture.words.count)",
            "\"columns\":\(picture.patches.formGrid ? picture.patches.columns : 0)",
            "\"scales\":[\(number(scales.patch)),\(number(scales.crossPair)),\(number(sameScale))]",
            "\"reading\":\(packed(patches.map(\.value), scale: scales.patch))",
            "\"readingErrors\":\(packed(patches.map { $0.error ?? 0 }, scale: scales.patch))",
        ]
        // What a region adds: its patches alone, with all words shown, and with each other.
        let first = picture.patchPlayers.map { Measured(picture.estimate.first[$0]).value }
        let firstScale = first.reduce(0) { max($0, abs($1)) }
        let patchPairs = same.reduce(0) { $0 + $1.value } / 2
        let crossPairs = picture.patchPlayers.reduce(0) { sum, patch in
            picture.wordPlayers.reduce(sum) { $0 + picture.pair(patch, $1).value }
        }
        let full = report.predictedEnds.full
        members += [
            "\"first\":\(packed(first, scale: firstScale))", "\"firstScale\":\(number(firstScale))",
            "\"ends\":[\(number(full - first.reduce(0, +) - crossPairs - patchPairs)),\(number(full))]",
        ]
        let cross = picture.patchPlayers.flatMap { patch in picture.wordPlayers.map { picture.pair(patch, $0) } }
        members += [
            "\"cross\":\(packed(cross.map(\.value), scale: scales.crossPair))",
            "\"crossErrors\":\(packed(cross.map { $0.error ?? 0 }, scale: scales.crossPair))",
        ]
        if picture.playerCount <= Self.mostPlayers {
            members += [
                "\"same\":\(packed(same.map(\.value), scale: sameScale))",
                "\"sameErrors\":\(packed(same.map { $0.error ?? 0 }, scale: sameScale))",
            ]
        }
        return "<script type=\"application/json\" id=\"a-data\">{\(members.joined(separator: ","))}</script>"
    }

    /// Values as 16-bit integers, 32,767 for `scale`, little-endian, in base64. Beyond the scale they end at it.
    private func packed(_ values: [Double], scale: Double) -> String {
        let bytes = values.flatMap { value -> [UInt8] in
            let step = scale > 0 ? (max(-1, min(1, value / scale)) * 32_767).rounded() : 0
            let bits = UInt16(bitPattern: Int16(step.isFinite ? step : 0))
            return [UInt8(bits & 0xFF), UInt8(bits >> 8)]
        }
        return "\"\(Base64.encode(bytes))\""
    }

    private func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "0" }
}
