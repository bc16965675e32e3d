import ArgumentParser
import JSON
import JSONRPC

/// Explanations of the lines of standard input: of images, of captions, or of both.
struct ExplainPipeline {
    let client: RPCClient
    /// Of the command line, nil where each line has its own.
    let image: String?
    let text: String?
    let options: ExplanationOptions
    let refinement: RefinementOptions
    let model: ModelOptions

    func run() throws {
        var output = PipelineOutput()
        try PipelineSource.standardInput(member: image == nil ? "image" : "text", isFile: image == nil) { items in
            for item in items { try output.print(item, try result(of: item)) }
        }
        try output.finish()
    }

    private func result(of item: PipelineItem) throws -> PipelineResult {
        let match: JSONValue
        do throws(PipelineFailure) {
            if let failure = item.failure { throw failure }
            match = try .match(image: try ownImage(item), text: try ownText(item), model: model.model)
        } catch {
            return .failure(error)
        }
        // Only while a request runs: at rest an interrupt ends the program as usual.
        let interrupt = try InterruptWatch()
        let reply: JSONValue
        do throws(RPCClientError) {
            reply = try client.call(
                "explain", params: match.adding(options.members + refinement.members + [("standardErrors", true)]),
                interrupt: interrupt)
        } catch {
            return .failure(try PipelineFailure(error))
        }
        _ = try reply.required("values", of: "explain")
        guard try reply.hasWords(of: "explain") else { return .failure(PipelineFailure("\(WordlessCaption())")) }
        return .success((reply.object ?? [:]).map { ($0.key, $0.value) })
    }

    private func ownImage(_ item: PipelineItem) throws(PipelineFailure) -> String {
        if let image { return image }
        return try item.string("image")
    }

    private func ownText(_ item: PipelineItem) throws(PipelineFailure) -> String {
        if let text { return text }
        guard item.members["text"] != nil else {
            throw PipelineFailure("the line has no \"text\", and the command no caption")
        }
        return try item.string("text")
    }
}
