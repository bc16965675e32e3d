/// The `BertNormalizer` of Hugging Face `tokenizers`.
struct BERTCleaner: Sendable, Equatable {
    /// Control characters go, and all whitespace becomes spaces.
    var cleansText = true
    /// Chinese characters become words of their own.
    var separatesIdeographs = true
    /// Accents go; nil where that follows `lowercases`.
    var stripsAccents: Bool?
    var lowercases: Bool

    func apply(to text: AlignedText, checkpoint: Checkpoint) throws(CancellationError) -> AlignedText {
        var result = text
        if cleansText || separatesIdeographs {
            result = result.mapped { scalar, emit in
                if cleansText, Self.isDropped(scalar) { return }
                if cleansText, scalar.properties.isWhitespace {
                    emit(" ")
                } else if separatesIdeographs, Self.isIdeograph(scalar) {
                    emit(" ")
                    emit(scalar)
                    emit(" ")
                } else {
                    emit(scalar)
                }
            }
        }
        try checkpoint.pass()
        if stripsAccents ?? lowercases {
            result = try NormalizationForm.nfd.apply(to: result, checkpoint: checkpoint).mapped { scalar, emit in
                if scalar.properties.generalCategory != .nonspacingMark { emit(scalar) }
            }
        }
        return lowercases ? result.mapped(Normalizer.lowercase) : result
    }

    private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0, 0xFFFD: return true
        case 0x09, 0x0A, 0x0D: return false
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate: return true
        default: return false
        }
    }

    private static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
