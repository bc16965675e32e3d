/// Two explanations side by side on one scale: two captions, two images or two models.
package struct PictureComparison: Sendable, Equatable {
    package var a: Picture
    package var b: Picture

    package init(_ a: Picture, _ b: Picture) {
        self.a = a
        self.b = b
    }

    /// Both reports, with every colour and bar on the joint scale. Views of one player are not defined for two
    /// pictures.
    func reports(_ options: PictureOptions) throws(RenderError) -> (a: Report, b: Report) {
        try a.check()
        try b.check()
        let scales = a.scales.joined(with: b.scales)
        // No map of each word is shown.
        let options = PictureOptions(view: .overview, topK: options.topK, map: options.map, isCompact: true)
        return (try Report(a, options: options, scales: scales), try Report(b, options: options, scales: scales))
    }
}

/// One line of the comparison of words: the same word in both captions, or a word that only one has.
struct AlignedWord: Sendable, Equatable {
    var name: String
    /// Positions in `words` of the two pictures.
    var a: Int?
    var b: Int?
}

extension PictureComparison {
    /// The words of both captions: the k-th occurrence of a word in a with the k-th in b (letters' case apart), in a's
    /// order; a word that only b has stands after the word before it in b.
    var alignedWords: [AlignedWord] {
        let (keysA, keysB) = (a.wordOccurrences, b.wordOccurrences)
        var positions = Dictionary(uniqueKeysWithValues: keysB.enumerated().map { ($0.element, $0.offset) })
        var result = keysA.enumerated().map { index, key in
            AlignedWord(name: a.text(ofWord: index), a: index, b: positions.removeValue(forKey: key))
        }
        for index in positions.values.sorted() {
            let before = result.lastIndex { $0.b == index - 1 }
            result.insert(AlignedWord(name: b.text(ofWord: index), a: nil, b: index), at: before.map { $0 + 1 } ?? 0)
        }
        return result
    }

    /// Readings of b less those of a for every patch, errors added in quadrature; nil where the patches differ.
    var patchDifferences: [Measured]? {
        guard a.patches == b.patches, a.image.width == b.image.width, a.image.height == b.image.height, a.patchCount > 0
        else { return nil }
        return a.patchPlayers.map { difference(a.reading($0), b.reading($0)) }
    }

    func difference(_ a: Measured, _ b: Measured) -> Measured {
        let error: Double? = if let x = a.error, let y = b.error { (x * x + y * y).squareRoot() } else { nil }
        return Measured(b.value - a.value, error)
    }

    /// Readings of an aligned word in both pictures.
    func readings(_ word: AlignedWord) -> (a: Measured?, b: Measured?) {
        (word.a.map { a.reading(a.patchCount + $0) }, word.b.map { b.reading(b.patchCount + $0) })
    }

    /// "Same image, two captions" and the like.
    var title: String {
        let sameImage = a.image == b.image
        let sameCaption = a.caption == b.caption
        let sameModel = a.model == b.model
        switch (sameImage, sameCaption, sameModel) {
        case (true, false, true): return "One image, two captions"
        case (false, true, true): return "One caption, two images"
        case (true, true, false): return "One match, two models"
        default: return "Two explanations on one scale"
        }
    }
}

private struct WordOccurrence: Hashable {
    var word: String
    var number: Int
}

extension Picture {
    /// Each word in lower case with how often it has occurred before.
    fileprivate var wordOccurrences: [WordOccurrence] {
        var seen: [String: Int] = [:]
        return words.indices.map { index in
            let word = text(ofWord: index).lowercased()
            defer { seen[word, default: 0] += 1 }
            return WordOccurrence(word: word, number: seen[word, default: 0])
        }
    }
}
