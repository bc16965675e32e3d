/// One explanation as a comparison needs it.
package struct ComparisonSide: Sendable {
    package let values: InteractionValues
    package let image: ImagePlayers
    /// The words of the text, in order.
    package let words: [String]
    /// The word each text player belongs to.
    package let wordOfPlayer: [Int]

    package init(values: InteractionValues, image: ImagePlayers, words: [String], wordOfPlayer: [Int]) {
        self.values = values
        self.image = image
        self.words = words
        self.wordOfPlayer = wordOfPlayer
    }
}

/// Two explanations on common words and a common image grid.
package struct Comparison: Sendable, Equatable {
    /// One explanation on the common axes. A value spread over several cells keeps its sum.
    package struct Part: Sendable, Equatable {
        /// First-order readings of the image, `[rows · columns]`.
        package var cells: [Double]
        /// First-order readings of the words, `[words]`; nil where this text lacks the word.
        package var words: [Double?]
        /// Cross-modal pairs summed over a word's players, row-major `[words, rows · columns]`; zero for a word this
        /// text lacks.
        package var crossModal: [Double]
    }

    package let rows: Int
    package let columns: Int
    /// The words of both texts in order, those of the first before those of the second where they differ.
    package let words: [String]
    /// Whether some word is in both texts.
    package let sharesWords: Bool
    package let first: Part
    package let second: Part
    /// Pearson correlations over what both have; nil where one is constant or nothing is shared.
    package let cellCorrelation: Double?
    package let wordCorrelation: Double?
    package let crossModalCorrelation: Double?

    /// Aligns two explanations: words by their longest common subsequence (case ignored), the image on the finer of the
    /// two patch grids, by area.
    ///
    /// - Throws: ``InteractionError/invalidPlayers(_:)`` where a side's players do not match its values.
    package init(_ a: ComparisonSide, _ b: ComparisonSide) throws(InteractionError) {
        for side in [a, b] {
            guard side.image.count == side.values.imagePlayers, side.wordOfPlayer.count == side.values.textPlayers,
                side.wordOfPlayer.allSatisfy({ side.words.indices.contains($0) })
            else { throw .invalidPlayers("the players of an explanation do not match its values") }
        }
        rows = max(a.image.patchRows, b.image.patchRows)
        columns = max(a.image.patchColumns, b.image.patchColumns)
        let aligned = Self.align(a.words, b.words)
        words = aligned.map { $0.0.map { a.words[$0] } ?? $0.1.map { b.words[$0] } ?? "" }
        let left = Self.part(a, words: aligned.map(\.0), rows: rows, columns: columns)
        let right = Self.part(b, words: aligned.map(\.1), rows: rows, columns: columns)
        first = left
        second = right
        cellCorrelation = correlation(left.cells, right.cells)
        let shared = aligned.indices.filter { aligned[$0].0 != nil && aligned[$0].1 != nil }
        sharesWords = !shared.isEmpty
        wordCorrelation = correlation(shared.map { left.words[$0] ?? 0 }, shared.map { right.words[$0] ?? 0 })
        let cells = rows * columns
        crossModalCorrelation = correlation(
            shared.flatMap { left.crossModal[$0 * cells..<($0 + 1) * cells] },
            shared.flatMap { right.crossModal[$0 * cells..<($0 + 1) * cells] })
    }

    private static func part(_ side: ComparisonSide, words: [Int?], rows: Int, columns: Int) -> Part {
        let values = side.values
        let readings = values.firstOrderReading
        let shares = spread(side.image, rows: rows, columns: columns)
        func onGrid(_ ofPlayer: (Int) -> Double) -> [Double] {
            var cells = [Double](repeating: 0, count: rows * columns)
            for player in 0..<values.imagePlayers {
                let value = ofPlayer(player)
                for (cell, share) in shares[player] { cells[cell] += value * share }
            }
            return cells
        }
        var wordValues: [Double?] = []
        var cross: [Double] = []
        for word in words {
            guard let word else {
                wordValues.append(nil)
                cross += [Double](repeating: 0, count: rows * columns)
                continue
            }
            let tokens = side.wordOfPlayer.indices.filter { side.wordOfPlayer[$0] == word }
            wordValues.append(tokens.reduce(0) { $0 + readings[values.imagePlayers + $1] })
            cross += onGrid { player in tokens.reduce(0) { $0 + values.pair(player, values.imagePlayers + $1) } }
        }
        return Part(cells: onGrid { readings[$0] }, words: wordValues, crossModal: cross)
    }

    /// For each image player, the cells it covers and the share of its area in each.
    private static func spread(_ image: ImagePlayers, rows: Int, columns: Int) -> [[(cell: Int, share: Double)]] {
        var result = [[Int: Double]](repeating: [:], count: image.count)
        let rowShares = (0..<image.patchRows).map { overlap($0, of: image.patchRows, with: rows) }
        let columnShares = (0..<image.patchColumns).map { overlap($0, of: image.patchColumns, with: columns) }
        for (patch, player) in image.playerOfPatch.enumerated() {
            for (row, rowShare) in rowShares[patch / image.patchColumns] {
                for (column, columnShare) in columnShares[patch % image.patchColumns] {
                    result[player][row * columns + column, default: 0] += rowShare * columnShare
                }
            }
        }
        return result.map { shares in
            let total = shares.values.reduce(0, +)
            return shares.sorted { $0.key < $1.key }.map { ($0.key, $0.value / total) }
        }
    }

    /// The cells of `cells` equal ones that part `index` of `parts` equal ones overlaps, with its share in each.
    private static func overlap(_ index: Int, of parts: Int, with cells: Int) -> [(Int, Double)] {
        // In units of 1/(parts · cells), so that all is whole numbers.
        let (start, end) = (index * cells, (index + 1) * cells)
        return (start / parts...(end - 1) / parts).map { cell in
            (cell, Double(min(end, (cell + 1) * parts) - max(start, cell * parts)) / Double(cells))
        }
    }

    /// Pairs of word positions, nil where a text lacks the word.
    private static func align(_ a: [String], _ b: [String]) -> [(Int?, Int?)] {
        let (left, right) = (a.map { $0.lowercased() }, b.map { $0.lowercased() })
        var length = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in stride(from: a.count - 1, through: 0, by: -1) {
            for j in stride(from: b.count - 1, through: 0, by: -1) {
                length[i][j] = left[i] == right[j] ? length[i + 1][j + 1] + 1 : max(length[i + 1][j], length[i][j + 1])
            }
        }
        var result: [(Int?, Int?)] = []
        var (i, j) = (0, 0)
        while i < a.count || j < b.count {
            if i < a.count, j < b.count, left[i] == right[j] {
                result.append((i, j))
                (i, j) = (i + 1, j + 1)
            } else if j == b.count || (i < a.count && length[i + 1][j] >= length[i][j + 1]) {
                result.append((i, nil))
                i += 1
            } else {
                result.append((nil, j))
                j += 1
            }
        }
        return result
    }
}
