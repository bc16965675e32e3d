import ArgumentParser
import FIxLIPProtocol
import JSON
import JSONRPC

/// Explanations of the lines of standard input: of images, of captions, or of both.
struct ExplainPipeline {
    let client: RPCClient
    /// The image and the text of the command line; nil where each line has its own.
    let image: String?
    let text: String?
    /// What holds for all lines.
    let common: Explain.Parameters

    func run() throws {
        var output = PipelineOutput()
        try PipelineSource.standardInput(member: image == nil ? "image" : "text", isFile: image == nil) { items in
            for item in items { try output.print(item, try result(of: item)) }
        }
        try output.finish()
    }

    private func result(of item: PipelineItem) throws -> PipelineResult {
        var parameters = common
        do throws(PipelineFailure) {
            if let failure = item.failure { throw failure }
            parameters.open.image = try ownImage(item)
            parameters.open.text = try ownText(item)
        } catch {
            return .failure(error)
        }
        // Interrupts are watched only while a request runs; otherwise they end the program as usual.
        let interrupt = try InterruptWatch()
        let result: Explain.Result
        do throws(RPCClientError) {
            result = try client.call(Explain.self, parameters, interrupt: interrupt)
        } catch {
            return .failure(try PipelineFailure(error))
        }
        guard !result.players.text.isEmpty else { return .failure(PipelineFailure("\(WordlessCaption())")) }
        return .success(try JSONValue.members(of: result))
    }

    private func ownImage(_ item: PipelineItem) throws(PipelineFailure) -> ImageInput {
        if let image { return ImageInput(.text(try imagePath(image))) }
        return try item.image()
    }

    private func ownText(_ item: PipelineItem) throws(PipelineFailure) -> String {
        if let text { return text }
        guard item.hasText else { throw PipelineFailure("the line has no \"text\", and the command no caption") }
        return try item.text()
    }
}
