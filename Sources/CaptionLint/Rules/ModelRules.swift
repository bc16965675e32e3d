import Captions
import ShownText

/// The rules that judge by what a model says.
enum ModelRules {
    /// - Parameter encoding: the one the captions were found with.
    static func findings(
        _ captions: [DocumentCaption], evidence: DocumentEvidence, settings: LintSettings, encoding: PositionEncoding
    ) -> [Finding] {
        var found: [Finding] = []
        for (index, caption) in captions.enumerated() where caption.absence == nil {
            guard let known = evidence.captions[index] else { continue }
            // A name of a file is not a caption, whatever a model makes of it.
            if settings.isOn(.altIsFileName), FileNameText.problem(caption.caption, image: caption.image) != nil {
                continue
            }
            if let severity = settings.severity(of: .captionTruncated), let end = known.readUpTo {
                let range = caption.documentRange(of: end..<caption.caption.unicodeScalars.count, encoding: encoding)
                found.append(
                    Finding(
                        rule: .captionTruncated, severity: severity,
                        message: "The model does not read these words: the caption is longer than it takes",
                        range: range, caption: index))
            }
            if let severity = settings.severity(of: .fitsAnotherImageBetter),
                let better = evidence.betterImage(of: index, margin: settings.threshold(of: .fitsAnotherImageBetter))
            {
                let other = captions[better.caption]
                found.append(
                    Finding(
                        rule: .fitsAnotherImageBetter, severity: severity,
                        message: "This caption matches another image of the document better, by "
                            + "\(NumberText.plain(better.margin, decimals: 1)) logits",
                        range: caption.captionRange, caption: index,
                        related: [
                            Finding.Related(
                                message: "The image that it matches better", range: other.range,
                                caption: better.caption)
                        ]))
            }
            if let severity = settings.severity(of: .wordAgainstImage), let words = known.words {
                for word in words.against(share: settings.threshold(of: .wordAgainstImage)) {
                    found.append(
                        Finding(
                            rule: .wordAgainstImage, severity: severity,
                            message:
                                "“\(word.text)” lowers the match by \(NumberText.plain(-word.value, decimals: 2)) ± "
                                + "\(NumberText.plain(word.standardError, decimals: 2)) logits",
                            range: caption.documentRange(of: word.start..<word.end, encoding: encoding),
                            caption: index))
                }
            }
            if let severity = settings.severity(of: .lowMatch), let standing = known.standing,
                standing < settings.threshold(of: .lowMatch)
            {
                found.append(
                    Finding(
                        rule: .lowMatch, severity: severity,
                        message: "The caption matches its image hardly better than unrelated captions do "
                            + "(\(NumberText.plain(standing, decimals: 1)) standard deviations above their mean)",
                        range: caption.captionRange, caption: index))
            }
        }
        return found
    }
}

/// All rules: from what a document says and what is known of it to findings, in the document's order.
package enum Judge {
    package static func findings(
        _ captions: [DocumentCaption], images: [ImageFacts], evidence: DocumentEvidence = DocumentEvidence(),
        settings: LintSettings, encoding: PositionEncoding
    ) -> [Finding] {
        let found =
            PlainRules.findings(captions, images: images, settings: settings)
            + ModelRules.findings(captions, evidence: evidence, settings: settings, encoding: encoding)
        return found.enumerated().sorted {
            ($0.element.range.start, $0.offset) < ($1.element.range.start, $1.offset)
        }.map(\.element)
    }
}
