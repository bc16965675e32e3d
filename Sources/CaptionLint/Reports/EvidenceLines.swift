import JSON

/// What a model says of a document's captions, one JSON line for each that it was asked about.
package enum EvidenceLines {
    package static func text(
        of document: ReadDocument, _ evidence: DocumentEvidence, path: String
    ) throws(JSONError) -> String {
        var text = ""
        for (index, caption) in document.captions.enumerated() {
            guard let known = evidence.captions[index] else { continue }
            var line: JSONObject = [
                "path": .string(path), "line": .integer(Int64(caption.range.start.line)),
                "image": .string(caption.image.hasPrefix("data:") ? "data:" : caption.image),
                "caption": .string(caption.caption),
            ]
            line["cosine"] = known.cosine.map { .real($0) }
            line["logit"] = known.logit.map { .real($0) }
            line["standing"] = known.standing.map { .real($0) }
            line["readUpTo"] = known.readUpTo.map { .integer(Int64($0)) }
            line["column"] = known.column.map { .integer(Int64($0)) }
            line["matches"] = evidence.matches[index].map { .array($0.map { .real(Double($0)) }) }
            if let words = known.words {
                line["emptyValue"] = .real(words.emptyValue)
                line["fullValue"] = .real(words.fullValue)
                line["words"] = .array(
                    words.words.map { word in
                        [
                            "text": .string(word.text), "start": .integer(Int64(word.start)),
                            "end": .integer(Int64(word.end)), "value": .real(word.value),
                            "standardError": .real(word.standardError),
                        ]
                    })
            }
            text += try JSONValue.object(line).text() + "\n"
        }
        return text
    }
}
