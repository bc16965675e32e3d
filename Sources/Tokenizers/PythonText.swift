/// Where Python's `str`, which SigLIP's reference tokenizer uses, differs from the components of `tokenizer.json`
/// files.
enum PythonText {
    /// `str.isspace`: White_Space and the four information separators.
    static let whitespace = ScalarClass(items: [.whitespace, .range(0x1C...0x1F)])

    /// `str.lower`: the full mapping, with Σ at the end of a word becoming ς (Unicode Standard, 3.13, Final_Sigma).
    static func lowercased(_ text: AlignedText) -> AlignedText {
        var result = Normalizer.lowercase.apply(to: text)
        guard text.scalars.contains(capitalSigma) else { return result }
        result = AlignedText()
        for index in text.scalars.indices {
            if text.scalars[index] == capitalSigma, isFinal(index, in: text.scalars) {
                result.append("ς", source: text.sources[index])
            } else {
                let part = Normalizer.lowercase.apply(to: text[index..<index + 1])
                result.append(part, 0..<part.count)
            }
        }
        return result
    }

    private static let capitalSigma: Unicode.Scalar = "Σ"

    private static func isFinal(_ index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
        guard before?.properties.isCased == true else { return false }
        let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return after?.properties.isCased != true
    }
}
