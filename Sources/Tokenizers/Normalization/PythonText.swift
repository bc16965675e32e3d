/// Where Python's `str`, which SigLIP's reference tokenizer uses, differs from the components of `tokenizer.json`
/// files.
enum PythonText {
    /// `str.isspace`: White_Space and the four information separators.
    static let whitespace = ScalarClass(items: [.whitespace, .range(0x1C...0x1F)])

    /// `" ".join(text.split())`
    static func withSingleSpaces(
        _ text: AlignedText, checkpoint: Checkpoint
    ) throws(CancellationError) -> AlignedText {
        try Normalizer.sequence([
            .replace(.repeated(whitespace, 1...Int.max), with: [" "]), .strip(left: true, right: true),
        ]).apply(to: text, checkpoint: checkpoint)
    }

    /// `str.lower`: the full mapping, with Σ at the end of a word becoming ς (Unicode Standard, 3.13, Final_Sigma).
    static func lowercased(
        _ text: AlignedText, checkpoint: Checkpoint
    ) throws(CancellationError) -> AlignedText {
        var result = try Normalizer.lowercase.apply(to: text, checkpoint: checkpoint)
        guard text.scalars.contains(capitalSigma) else { return result }
        // The last scalar before, and the first one after, that case looks at.
        let seen = text.scalars.indices.filter { !text.scalars[$0].properties.isCaseIgnorable }
        var next = 0
        result = AlignedText()
        for index in text.scalars.indices {
            if index % 4096 == 0 { try checkpoint.pass() }
            while next < seen.count, seen[next] < index { next += 1 }
            if text.scalars[index] == capitalSigma {
                let isSeen = next < seen.count && seen[next] == index
                let before = next > 0 ? text.scalars[seen[next - 1]] : nil
                let after = seen[next...].dropFirst(isSeen ? 1 : 0).first.map { text.scalars[$0] }
                if before?.properties.isCased == true, after?.properties.isCased != true {
                    result.append("ς", source: text.sources[index])
                    continue
                }
            }
            Normalizer.lowercase(text.scalars[index]) { result.append($0, source: text.sources[index]) }
        }
        return result
    }

    private static let capitalSigma: Unicode.Scalar = "Σ"
}
