/// What a model says about the captions of one document.
package struct DocumentEvidence: Sendable, Equatable {
    /// Evidence by the caption's index; captions of which nothing is known are missing.
    package var captions: [Int: CaptionEvidence] = [:]
    /// Logits of each caption with each image of the document, less what the image alone makes of neutral captions;
    /// `[caption][column]`, empty for captions without evidence.
    package var matches: [Int: [Float]] = [:]
    /// A caption that stands at the image of each column.
    package var columns: [Int] = []

    /// Logits per unit of cosine; 0 while nothing is known.
    package var scale: Double = 0

    package init() {}

    /// The image of the document that a caption matches best, if it does so by more than `margin` logits.
    func betterImage(of caption: Int, margin: Double) -> (caption: Int, margin: Double)? {
        guard let row = matches[caption], let own = captions[caption]?.column, row.indices.contains(own),
            let best = row.indices.max(by: { row[$0] < row[$1] }), best != own
        else { return nil }
        let difference = Double(row[best] - row[own])
        return difference > margin ? (columns[best], difference) : nil
    }
}

/// What a model says about one caption and its image.
package struct CaptionEvidence: Sendable, Equatable {
    /// Where the model stops reading, in Unicode scalars of the caption; nil where it reads it all.
    package var readUpTo: Int?
    package var cosine: Double?
    package var logit: Double?
    /// The pair's score, doubly centred against neutral captions and images, in standard deviations of what neutral
    /// captions have with this image.
    package var standing: Double?
    /// The image's column in the document's matches.
    package var column: Int?
    package var words: WordWeights?

    package init() {}
}

/// The weights of a caption's words: what an explanation says.
package struct WordWeights: Sendable, Equatable {
    package struct Word: Sendable, Equatable {
        package var text: String
        /// In Unicode scalars of the caption.
        package var start: Int
        package var end: Int
        /// The first-order reading, in logits.
        package var value: Double
        /// The standard error of that, in logits.
        package var standardError: Double

        package init(text: String, start: Int, end: Int, value: Double, standardError: Double) {
            self.text = text
            self.start = start
            self.end = end
            self.value = value
            self.standardError = standardError
        }
    }

    package var words: [Word]
    /// Logits of the empty pair and of the whole pair.
    package var emptyValue: Double
    package var fullValue: Double
    package var cosine: Double
    package var imageMasks: Int

    package init(words: [Word], emptyValue: Double, fullValue: Double, cosine: Double, imageMasks: Int) {
        self.words = words
        self.emptyValue = emptyValue
        self.fullValue = fullValue
        self.cosine = cosine
        self.imageMasks = imageMasks
    }

    /// How much image and caption together raise the score above that of nothing, in logits.
    package var rise: Double { fullValue - emptyValue }

    /// The largest standard error of a word, in logits.
    package var largestError: Double { words.map(\.standardError).max() ?? 0 }

    /// Words that lower the match by more than two of their standard errors and by more than a share of what the other
    /// words raise it by.
    package func against(share: Double) -> [Word] {
        let raised = words.reduce(0) { $0 + max(0, $1.value) }
        return words.filter { -$0.value > 2 * $0.standardError && -$0.value > share * max(raised, rise, 1) }
    }
}
