import ShownText

/// The colour scale in logits; a second, paler band shows values whose standard error is as large as they are.
struct Legend {
    var title: String
    var scale: Double
    var errors: Bool

    var height: Double { errors ? 46 : 38 }

    func draw(x: Double, y: Double, width: Double, into drawing: inout Drawing) {
        let bands: [(opacity: Double, height: Double)] = errors ? [(1, 7), (0.5, 5)] : [(1, 8)]
        var bottom = y
        for band in bands {
            drawing.rect(x: x, y: bottom, width: width / 2, height: band.height, class: "gn", opacity: band.opacity)
            drawing.rect(
                x: x + width / 2, y: bottom, width: width / 2, height: band.height, class: "gp", opacity: band.opacity)
            bottom += band.height
        }
        let decimals = NumberText.decimals(for: scale)
        drawing.text(NumberText.signed(-scale, decimals: decimals), x: x, y: bottom + 13, size: 11, class: "soft")
        drawing.text("0", x: x + width / 2, y: bottom + 13, size: 11, class: "soft", anchor: .middle)
        drawing.text(
            NumberText.signed(scale, decimals: decimals), x: x + width, y: bottom + 13, size: 11, class: "soft",
            anchor: .end)
        let note = errors ? "\(title); paler where uncertain" : title
        drawing.text(note, x: x, y: bottom + 28, size: 11, class: "soft")
    }
}
