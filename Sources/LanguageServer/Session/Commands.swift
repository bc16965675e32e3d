import CaptionLint
import Captions
import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

extension Session {
    func execute(_ command: String, _ target: LSP.CommandTarget?) async throws -> JSONValue {
        if command == "fixlip.check" {
            failures = [:]
            toldFailures = []
            scheduleAll()
            return .null
        }
        guard Self.commands.contains(command) else {
            throw RPCError.invalidParams(
                "there is no command '\(command)'; there are \(Self.commands.joined(separator: ", "))")
        }
        guard let target else {
            throw RPCError.invalidParams(
                "'\(command)' needs an argument: {\"uri\": …, \"position\": {\"line\": …, \"character\": …}}")
        }
        guard let open = documents[target.uri] else { throw RPCError.invalidParams("\(target.uri) is not open") }
        let document = try await readState(open)
        guard let index = document.caption(at: target.position) else {
            throw RPCError.invalidParams("no image is at line \(target.position.line + 1) of \(target.uri)")
        }
        switch command {
        case "fixlip.refine": try await refine(index, document)
        case "fixlip.openPage": return try await openPage(index, document)
        case "fixlip.compare":
            return try await compare(index, with: try other(target, index, document), document)
        case "fixlip.swapCaptions":
            let other = try other(target, index, document)
            try await apply(
                Edits.swap(index, other, in: document, encoding: client.encoding), "Swap two captions",
                orElse: "these captions cannot be swapped")
        default:
            try await apply(
                Edits.markDecorative(index, in: document, encoding: client.encoding), "Mark an image as decorative",
                orElse: "the image has a text, or \(document.languageId) cannot say that it needs none")
        }
        return .null
    }

    /// The other caption of a command about two: the named one, else the one whose image matches better.
    private func other(_ target: LSP.CommandTarget, _ index: Int, _ document: OpenDocument) throws -> Int {
        let found =
            target.other.map { document.caption(at: $0) }
            ?? document.findings.first { $0.caption == index && $0.rule == .fitsAnotherImageBetter }?.related.first?
            .caption
        guard let found, found != index else {
            throw RPCError.invalidParams("name the other caption as \"other\": {\"line\": …, \"character\": …}")
        }
        return found
    }

    private func apply(_ edit: LSP.WorkspaceEdit?, _ label: String, orElse problem: String) async throws {
        guard let edit else { throw RPCError.invalidParams(problem) }
        guard client.appliesEdits else { throw RPCError.invalidParams("the editor does not apply edits of a server") }
        let answer = try await ask("workspace/applyEdit", LSP.ApplyWorkspaceEditParams(label: label, edit: edit))
        if let result = try? answer.decode(LSP.ApplyWorkspaceEditResult.self), !result.applied {
            throw RPCError(code: -32803, message: result.failureReason ?? "the editor did not apply the edit")
        }
    }

    private func refine(_ index: Int, _ document: OpenDocument) async throws {
        let analyst = analyst(document.settings.model)
        let (caption, image) = (document.read.captions[index], document.read.images[index])
        try await analyst.look([caption], images: [image])
        let known = analyst.known([caption], images: [image]).captions[0]?.words?.imageMasks ?? 0
        _ = try await analyst.explain(
            caption, image: image, budget: max(4 * known, 4 * document.settings.budget), on: .asked)
        if learn(document.uri, document.generation, analyst) { tell(document.uri) }
    }

    private func openPage(_ index: Int, _ document: OpenDocument) async throws -> JSONValue {
        let caption = document.read.captions[index]
        var parameters = Analyst.parameters(
            image: caption.image, text: caption.caption, model: document.settings.model,
            budget: document.settings.budget)
        parameters.render = RenderOptions(format: .html)
        let result = try await link.call(Explain.self, parameters, on: .asked)
        return try await showPage(result.render?.content ?? "")
    }

    private func compare(_ index: Int, with other: Int, _ document: OpenDocument) async throws -> JSONValue {
        let image = document.read.captions[index].image
        var handles: [String] = []
        for number in [index, other] {
            let open = Analyst.parameters(
                image: image, text: document.read.captions[number].caption, model: document.settings.model,
                budget: document.settings.budget
            ).open
            let handle = try await link.call(ExplanationOpen.self, open, on: .asked).explanation
            handles.append(handle)
            _ = try await link.call(
                ExplanationRefine.self,
                .init(
                    explanation: handle,
                    rules: RefinementRules(budget: Budget(imageMasks: document.settings.budget))), on: .asked)
        }
        let page = try await link.call(
            ExplanationRender.self,
            .init(explanation: handles[0], compareWith: handles[1], options: RenderOptions(format: .html)), on: .asked)
        for handle in handles {
            _ = try? await link.call(ExplanationClose.self, .init(explanation: handle), on: .asked)
        }
        return try await showPage(page.content)
    }

    /// Writes a page and has the client show it.
    /// - Returns: the page's URI.
    private func showPage(_ html: String) async throws -> JSONValue {
        pageNumber += 1
        let path = "\(pages)/explanation-\(pageNumber).html"
        try Data(html.utf8).write(to: URL(fileURLWithPath: path))
        let uri = DocumentURI.uri(path)
        guard client.showsDocuments else {
            show(3, "fixlip: the explanation is in \(path)")
            return .string(uri)
        }
        let answer = try await ask(
            "window/showDocument", LSP.ShowDocumentParams(uri: uri, external: true, takeFocus: true))
        if let result = try? answer.decode(LSP.ShowDocumentResult.self), !result.success {
            show(3, "fixlip: the explanation is in \(path)")
        }
        return .string(uri)
    }
}
