import CaptionLint
import Captions
import ShownText

/// The score at the end of each caption.
enum InlayHints {
    static func hints(of document: OpenDocument, in range: TextRange) -> [LSP.InlayHint] {
        document.read.captions.enumerated().compactMap { index, caption in
            let end = caption.captionRange.end
            guard range.start <= end, end <= range.end, let known = document.evidence.captions[index],
                let label = ScoreText.score(known, scale: document.evidence.scale)
            else { return nil }
            return LSP.InlayHint(
                position: end, label: label, tooltip: ScoreText.overview(known, isMarkdown: false),
                paddingLeft: true)
        }
    }
}

/// What is said of a caption's score.
enum ScoreText {
    /// `0.512 ± 0.001`, with the error once there is one.
    static func score(_ known: CaptionEvidence, scale: Double) -> String? {
        guard let cosine = known.cosine else { return nil }
        guard let words = known.words, scale > 0 else { return NumberText.plain(cosine, decimals: 3) }
        return "\(NumberText.plain(cosine, decimals: 3)) ± \(NumberText.plain(words.largestError / scale, decimals: 3))"
    }

    /// Several lines about a caption.
    static func overview(_ known: CaptionEvidence, isMarkdown: Bool) -> String {
        var lines: [String] = []
        let strong = isMarkdown ? "**" : ""
        if let cosine = known.cosine, let logit = known.logit {
            lines.append(
                "\(strong)Cosine \(NumberText.plain(cosine, decimals: 3))\(strong), \(NumberText.plain(logit, decimals: 1)) logits"
            )
        }
        if let standing = known.standing {
            lines.append(
                "\(NumberText.plain(standing, decimals: 1)) standard deviations above unrelated captions of this image")
        }
        if let words = known.words {
            lines.append(
                "\(NumberText.plain(words.emptyValue, decimals: 1)) logits with nothing shown; ± is the largest error of a word"
            )
            let ranked = words.words.sorted { abs($0.value) > abs($1.value) }.prefix(8)
            lines += ranked.map { word in
                let text = isMarkdown ? Markdown.escaped(word.text) : word.text
                return
                    "\(isMarkdown ? "* " : "  ")“\(text)” \(signed(word.value)) ± \(NumberText.plain(word.standardError, decimals: 2))"
            }
        }
        return lines.joined(separator: isMarkdown ? "  \n" : "\n")
    }

    static func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + NumberText.plain(value, decimals: 2) }
}

enum Markdown {
    /// A text that Markdown shows as it is.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            if "\\`*_{}[]<>()#+-.!|~&".contains(character) { result.append("\\") }
            result.append(character)
        }
    }
}
