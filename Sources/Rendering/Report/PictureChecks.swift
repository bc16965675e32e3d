extension Picture {
    /// Checks that the arrays fit together, so that drawing needs no further checks.
    func check() throws(RenderError) {
        guard image.width > 0, image.height > 0 else {
            throw .imageSizeInvalid(width: image.width, height: image.height)
        }
        if let cells = image.cells {
            try expect("image.cells.rgb", cells.rgb.count, max(0, cells.rows) * max(0, cells.columns) * 3)
        }
        let players = patches.boxes.count + words.count
        let pairs = players * (players - 1) / 2
        try expect("estimate.first", estimate.first.count, players)
        try expect("estimate.firstOrderReading", estimate.firstOrderReading.count, players)
        if let values = estimate.pairs { try expect("estimate.pairs", values.count, pairs) }
        if let errors = estimate.firstErrors { try expect("estimate.firstErrors", errors.count, players) }
        if let errors = estimate.readingErrors { try expect("estimate.readingErrors", errors.count, players) }
        if let errors = estimate.pairErrors { try expect("estimate.pairErrors", errors.count, pairs) }
        let length = caption.unicodeScalars.count
        for (index, word) in words.enumerated() where word.start < 0 || word.end < word.start || word.end > length {
            throw .wordRangeInvalid(word: index, start: word.start, end: word.end, captionLength: length)
        }
        for round in history {
            for player in round.leading.flatMap(\.players) where player < 0 || player >= players {
                throw .playerOutOfRange(player: player, players: players)
            }
        }
    }

    private func expect(_ field: String, _ found: Int, _ expected: Int) throws(RenderError) {
        if found != expected { throw .lengthMismatch(field: field, expected: expected, found: found) }
    }
}

extension PictureOptions {
    func check() throws(RenderError) {
        if topK < 1 { throw .optionInvalid(name: "topK", value: topK, least: 1) }
    }

    /// The width to use, at least what the format needs to stay readable.
    func width(default standard: Int, least: Int) throws(RenderError) -> Int {
        guard let width else { return standard }
        if width < least { throw .optionInvalid(name: "width", value: width, least: least) }
        return width
    }
}
