import CaptionLint
import Captions
import JSON

extension Session {
    /// What can be done about the captions of a range.
    func codeActions(_ params: LSP.CodeActionParams, in document: OpenDocument) -> [LSP.CodeAction] {
        var actions: [LSP.CodeAction] = []
        let all = diagnostics(of: document)
        for (index, caption) in document.read.captions.enumerated() where overlaps(caption, params.range) {
            let findings = document.findings.enumerated().filter { $0.element.caption == index }
            func those(of rule: Rule) -> [LSP.Diagnostic] {
                findings.filter { $0.element.rule == rule }.map { all[$0.offset] }
            }
            func command(_ title: String, _ name: String, other: Int? = nil) -> LSP.Command {
                let target = LSP.CommandTarget(
                    uri: document.uri, position: caption.range.start,
                    other: other.map { document.read.captions[$0].range.start })
                return LSP.Command(title: title, command: name, arguments: [target])
            }
            if let edit = Edits.markDecorative(index, in: document, encoding: client.encoding) {
                actions.append(
                    LSP.CodeAction(
                        title: "Mark the image as decorative", kind: "quickfix",
                        diagnostics: those(of: .altMissing), edit: edit,
                        command: nil))
            }
            guard caption.absence == nil else { continue }
            if let other = findings.first(where: { $0.element.rule == .fitsAnotherImageBetter })?.element.related.first
            {
                if let edit = Edits.swap(index, other.caption, in: document, encoding: client.encoding) {
                    actions.append(
                        LSP.CodeAction(
                            title: "Swap with the caption of the image that this one matches better",
                            kind: "quickfix", diagnostics: those(of: .fitsAnotherImageBetter), edit: edit))
                }
                actions.append(
                    LSP.CodeAction(
                        title: "Explain against the other image's caption", kind: "source",
                        command: command("Explain against the other caption", "fixlip.compare", other: other.caption)))
            }
            guard document.read.images[index].state == .readable else { continue }
            actions.append(
                LSP.CodeAction(
                    title: "Open the explanation in a browser", kind: "source",
                    command: command("Open the explanation", "fixlip.openPage")))
            actions.append(
                LSP.CodeAction(
                    title: "Refine the explanation", kind: "source",
                    command: command("Refine the explanation", "fixlip.refine")))
        }
        guard let only = params.context.only else { return actions }
        return actions.filter { action in
            only.contains { kind in action.kind == kind || action.kind?.hasPrefix(kind + ".") ?? false }
        }
    }

    private func overlaps(_ caption: DocumentCaption, _ range: TextRange) -> Bool {
        [caption.range, caption.captionRange].contains { $0.start <= range.end && range.start <= $0.end }
    }

    /// A line above each caption.
    func codeLenses(of document: OpenDocument) -> [LSP.CodeLens] {
        document.read.captions.enumerated().compactMap { index, caption in
            guard caption.absence == nil, document.read.images[index].state == .readable else { return nil }
            let score = document.evidence.captions[index].flatMap {
                ScoreText.score($0, scale: document.evidence.scale)
            }
            let target = LSP.CommandTarget(uri: document.uri, position: caption.range.start)
            return LSP.CodeLens(
                range: TextRange(start: caption.range.start, end: caption.range.start),
                command: LSP.Command(
                    title: (score.map { "\($0) · " } ?? "") + "why?", command: "fixlip.openPage", arguments: [target]))
        }
    }

    /// The images' files.
    func documentLinks(of document: OpenDocument) -> [LSP.DocumentLink] {
        document.read.captions.enumerated().compactMap { index, caption in
            guard document.read.images[index].state != .absent, caption.image.hasPrefix("/") else { return nil }
            return LSP.DocumentLink(
                range: Edits.place(ofImage: caption, in: document, encoding: client.encoding),
                target: DocumentURI.uri(caption.image), tooltip: "Open the image")
        }
    }
}
