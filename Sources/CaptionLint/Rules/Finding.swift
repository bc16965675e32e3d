import Captions

/// What a rule says about one place of a document.
package struct Finding: Sendable, Equatable {
    package var rule: Rule
    package var severity: Severity
    /// A whole sentence without a full stop.
    package var message: String
    package var range: TextRange
    /// Which of the document's captions it is about.
    package var caption: Int
    package var related: [Related] = []

    /// Another place that the finding has to do with.
    package struct Related: Sendable, Equatable {
        package var message: String
        package var range: TextRange
        package var caption: Int
    }

    package init(
        rule: Rule, severity: Severity, message: String, range: TextRange, caption: Int, related: [Related] = []
    ) {
        self.rule = rule
        self.severity = severity
        self.message = message
        self.range = range
        self.caption = caption
        self.related = related
    }
}
