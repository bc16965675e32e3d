/// Two explanations side by side on one scale: two captions, two images or two models.
public struct PictureComparison: Sendable, Equatable {
    public var a: Picture
    public var b: Picture

    public init(_ a: Picture, _ b: Picture) {
        self.a = a
        self.b = b
    }

    /// Both reports, with every colour and bar on the joint scale. Views of one player are not defined for two pictures.
    func reports(topK: Int) throws(RenderError) -> (a: Report, b: Report) {
        try a.check()
        try b.check()
        let scales = a.scales.joined(with: b.scales)
        let options = RenderOptions(view: .overview, topK: topK)
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
    /// The words of both captions in reading order, matched along their longest common subsequence (letters' case apart).
    var alignedWords: [AlignedWord] {
        let (left, right) = (a.words.indices.map { a.text(ofWord: $0) }, b.words.indices.map { b.text(ofWord: $0) })
        let (keysA, keysB) = (left.map { $0.lowercased() }, right.map { $0.lowercased() })
        var longest = [[Int]](repeating: [Int](repeating: 0, count: right.count + 1), count: left.count + 1)
        for i in left.indices.reversed() {
            for j in right.indices.reversed() {
                longest[i][j] = keysA[i] == keysB[j] ? longest[i + 1][j + 1] + 1 : max(longest[i + 1][j], longest[i][j + 1])
            }
        }
        var result: [AlignedWord] = []
        var (i, j) = (0, 0)
        while i < left.count || j < right.count {
            if i < left.count, j < right.count, keysA[i] == keysB[j] {
                result.append(AlignedWord(name: left[i], a: i, b: j))
                (i, j) = (i + 1, j + 1)
            } else if j == right.count || (i < left.count && longest[i + 1][j] >= longest[i][j + 1]) {
                result.append(AlignedWord(name: left[i], a: i, b: nil))
                i += 1
            } else {
                result.append(AlignedWord(name: right[j], a: nil, b: j))
                j += 1
            }
        }
        return result
    }

    /// Readings of b less those of a for every patch, errors added in quadrature; nil where the patches differ.
    var patchDifferences: [Measured]? {
        guard a.patches == b.patches, a.image.width == b.image.width, a.image.height == b.image.height, a.patchCount > 0 else { return nil }
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
