import CaptionLint
import Captions
import FIxLIPProtocol
import Foundation
import JSONRPC
import ShownText

extension Session {
    /// What is known of the word or caption at a position.
    /// - Throws: `ModelFailure`, `CancellationError`, `RPCError`.
    func hover(_ position: TextPosition, in document: OpenDocument) async throws -> LSP.Hover? {
        guard let index = document.caption(at: position), document.read.captions[index].absence == nil,
            document.read.images[index].state == .readable, document.settings.needsModel
        else { return nil }
        let caption = document.read.captions[index]
        let model = analyst(document.settings.model)
        if document.evidence.captions[index]?.words == nil {
            try await model.look([caption], images: [document.read.images[index]])
            _ = try await model.explain(
                caption, image: document.read.images[index], budget: max(32, document.settings.budget / 8), on: .asked)
        }
        let evidence = model.known([caption], images: [document.read.images[index]])
        guard let known = evidence.captions[0] else { return nil }
        let isMarkdown = client.readsMarkdown
        func hover(_ text: String, _ range: TextRange) -> LSP.Hover {
            LSP.Hover(
                contents: LSP.MarkupContent(kind: isMarkdown ? "markdown" : "plaintext", value: text), range: range)
        }
        guard let words = known.words,
            let number = words.words.firstIndex(where: {
                let range = caption.documentRange(of: $0.start..<$0.end, encoding: client.encoding)
                return range.start <= position && position < range.end
            })
        else {
            return hover(ScoreText.overview(known, isMarkdown: isMarkdown), caption.captionRange)
        }
        let word = words.words[number]
        let strong = isMarkdown ? "**" : ""
        let shown = isMarkdown ? Markdown.escaped(word.text) : word.text
        var lines = [
            "\(strong)“\(shown)”\(strong) \(ScoreText.signed(word.value)) ± \(NumberText.plain(word.standardError, decimals: 2)) logits"
        ]
        let patches = try await strongestPatches(of: number, caption, document)
        lines += patches.lines.map { (isMarkdown ? "* " : "  ") + $0 }
        if let picture = patches.picture {
            lines.append("\n![](data:image/svg+xml;base64,\(Data(picture.utf8).base64EncodedString()))")
        }
        let range = caption.documentRange(of: word.start..<word.end, encoding: client.encoding)
        return hover(lines.joined(separator: isMarkdown ? "  \n" : "\n"), range)
    }

    /// The patches that a word is most bound to, as lines and, for clients that show one, as an SVG picture.
    private func strongestPatches(
        of number: Int, _ caption: DocumentCaption, _ document: OpenDocument
    ) async throws -> (lines: [String], picture: String?) {
        var parameters = Analyst.parameters(
            image: caption.image, text: caption.caption, model: document.settings.model,
            budget: max(32, document.settings.budget / 8))
        parameters.layout.pairs = .crossModal
        let result = try await link.call(Explain.self, parameters, on: .asked)
        guard let patches = result.players.image else { return ([], nil) }
        let count = patches.count
        let pairs = result.values.pairs?.data?.floats ?? []
        let errors = result.values.standardErrors?.pairs?.data?.floats ?? []
        guard pairs.count >= (number + 1) * count, count > 0, patches.columns > 0 else { return ([], nil) }
        let row = pairs[number * count..<(number + 1) * count].enumerated().sorted { abs($0.element) > abs($1.element) }
        let lines = row.prefix(3).map { patch, value in
            let error =
                errors.indices.contains(number * count + patch)
                ? " ± " + NumberText.plain(Double(errors[number * count + patch]), decimals: 2) : ""
            return "row \(patch / patches.columns + 1), column \(patch % patches.columns + 1): "
                + "\(ScoreText.signed(Double(value)))\(error)"
        }
        guard settings.pictures ?? client.showsPictures else { return (lines, nil) }
        parameters.layout.pairs = PairSelection.none
        parameters.render = RenderOptions(format: .svg, view: .token, player: count + number, width: 360)
        return (lines, try await link.call(Explain.self, parameters, on: .asked).render?.content)
    }
}
