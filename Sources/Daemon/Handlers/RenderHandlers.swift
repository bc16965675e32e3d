import FIxLIPProtocol
import JSONRPC

/// `explanation/render`
struct RenderHandlers: Sendable {
    let explanations: ExplanationStore
    let drawer: Drawer

    func register(in table: inout MethodTable) {
        table.on(ExplanationRender.self) { parameters, _ in
            let explanation = try await explanations.find(parameters.explanation)
            var other: Explanation?
            if let id = parameters.compareWith { other = try await explanations.find(id) }
            let drawing = try DrawingRequest(parameters.options)
            return Rendered(
                drawing.format, try await drawer.draw(explanation, comparedWith: other, drawing))
        }
    }
}
