import CaptionLint
import Captions

extension Session {
    /// The findings of a document in the protocol's form.
    func diagnostics(of document: OpenDocument) -> [LSP.Diagnostic] {
        document.findings.map { finding in
            let related = finding.related.map { place in
                LSP.DiagnosticRelatedInformation(
                    location: LSP.Location(uri: document.uri, range: place.range), message: place.message)
            }
            return LSP.Diagnostic(
                range: finding.range, severity: finding.severity.number, code: finding.rule.code,
                codeDescription: LSP.CodeDescription(href: finding.rule.documentation), source: "fixlip",
                message: finding.message,
                relatedInformation: related.isEmpty || !client.hasRelatedInformation ? nil : related)
        }
    }
}
