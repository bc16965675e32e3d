// CaptionLint: captions, their files and what a model says of them go in, findings come out.
// Its rooms use only those named before them: Files, Daemon, Evidence, Rules, Settings and Reports.

/// What a document can be told about an image and its text. The raw value is the rule's code, which does not change.
package enum Rule: String, CaseIterable, Sendable, Hashable {
    case imageNotFound = "image-not-found"
    case imageUnreadable = "image-unreadable"
    case altMissing = "alt-missing"
    case altIsFileName = "alt-is-file-name"
    case altDuplicate = "alt-duplicate"
    case captionTruncated = "caption-truncated"
    case fitsAnotherImageBetter = "fits-another-image-better"
    case wordAgainstImage = "word-against-image"
    case lowMatch = "low-match"

    /// The rule of a code; codes are told apart by their bytes.
    package init?(code: String) {
        guard let rule = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(code.utf8) }) else { return nil }
        self = rule
    }

    package var code: String { rawValue }

    /// Whether a model has to be asked.
    package var needsModel: Bool {
        switch self {
        case .imageNotFound, .imageUnreadable, .altMissing, .altIsFileName, .altDuplicate: false
        case .captionTruncated, .fitsAnotherImageBetter, .wordAgainstImage, .lowMatch: true
        }
    }

    /// How grave a finding is unless settings say otherwise; nil for rules that ship switched off.
    package var defaultSeverity: Severity? {
        switch self {
        case .imageNotFound, .imageUnreadable: .error
        case .altMissing, .altIsFileName: .warning
        case .fitsAnotherImageBetter: .warning
        case .altDuplicate, .captionTruncated, .wordAgainstImage, .lowMatch: .information
        }
    }

    /// One line for lists of rules.
    package var summary: String {
        switch self {
        case .imageNotFound: "The image's file is not there."
        case .imageUnreadable: "The image's file cannot be read as PNG, JPEG or WebP."
        case .altMissing: "The image has no text that describes it."
        case .altIsFileName: "The text is a file's name or a placeholder and describes nothing."
        case .altDuplicate: "Different images of the document have the same text."
        case .captionTruncated: "The model does not read the caption's last words."
        case .fitsAnotherImageBetter: "The caption matches another image of the document better than its own."
        case .wordAgainstImage: "A word lowers the match of caption and image."
        case .lowMatch: "The caption matches its image no better than unrelated captions do."
        }
    }

    /// Where the rule is described.
    package var documentation: String { "https://github.com/fixlipd/fixlipd/blob/main/docs/lint.md#\(code)" }
}

/// How grave a finding is, the gravest first.
package enum Severity: String, CaseIterable, Sendable, Comparable {
    case error, warning, information, hint

    /// The severity's number in the Language Server Protocol, from 1.
    package var number: Int {
        switch self {
        case .error: 1
        case .warning: 2
        case .information: 3
        case .hint: 4
        }
    }

    /// Graver is greater.
    package static func < (a: Severity, b: Severity) -> Bool { a.number > b.number }
}
