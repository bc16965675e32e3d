import FIxLIPProtocol
import Interactions
import JSONRPC
import Rendering

extension Services {
    /// `explanation/render`
    func registerRenderMethods(in table: inout MethodTable) {
        table.on(ExplanationRender.self) { parameters, _ in
            let explanation = try await explanations.find(parameters.explanation)
            var other: Explanation?
            if let id = parameters.compareWith { other = try await explanations.find(id) }
            return try await render(explanation, comparedWith: other, parameters.options)
        }
    }

    /// Draws the current estimate, with error bars, alone or beside another's.
    /// - Parameter object: the parameter that holds the options, nil where they are the request's own.
    func render(
        _ explanation: Explanation, comparedWith other: Explanation?, _ options: FIxLIPProtocol.RenderOptions,
        at object: String? = nil
    ) async throws -> Rendered {
        try checking(object, options.check)
        let picture = try await picture(of: explanation)
        let second = if let other { try await self.picture(of: other) } else { nil as Picture? }
        return try await draw(picture, second, options, at: object)
    }

    /// Draws an estimate of nothing: a drawing that cannot be made is told before masks are encoded for it.
    /// - Throws: `ParameterError`, as ``render(_:comparedWith:_:at:)`` would.
    func checkDrawing(
        of explanation: Explanation, _ options: FIxLIPProtocol.RenderOptions, at object: String
    ) async throws {
        try checking(object, options.check)
        let files = files
        let trial = try await files.run { Picture(explanation, .nothing(of: explanation), history: []) }
        _ = try await draw(trial, nil, options, at: object)
    }

    private func draw(
        _ picture: Picture, _ second: Picture?, _ options: FIxLIPProtocol.RenderOptions, at object: String?
    ) async throws -> Rendered {
        let drawing = RenderOptionsChoice(options)
        let format = options.format
        return try await files.run {
            do throws(RenderError) {
                let content: String
                if let second {
                    content = try PictureComparison(picture, second).text(format, drawing.options)
                } else {
                    content = try picture.text(format, drawing.options)
                }
                return Rendered(mimeType: format.mimeType, content: content)
            } catch {
                throw ParameterError(error.parameter, "cannot be drawn: \(error)").within(object)
            }
        }
    }

    private func picture(of explanation: Explanation) async throws -> Picture {
        let estimate = try await explanation.estimate(Selection(), standardErrors: true, on: solver)
        let checkpoints = await explanation.history
        let (explanation, files) = (explanation, files)
        return try await files.run { Picture(explanation, estimate, checkpoints) }
    }
}

extension RenderFormat {
    var mimeType: String {
        switch self {
        case .svg: "image/svg+xml"
        case .html: "text/html"
        case .ansi: "text/plain"
        case .markdown: "text/markdown"
        }
    }
}

extension FIxLIPProtocol.RenderOptions {
    /// - Throws: `ParameterError`, before anything is computed for a drawing that cannot be made.
    func check() throws(ParameterError) {
        try ParameterLimit.pairs.check(topK, "topK")
        try ParameterLimit.drawingWidth.check(width, "width")
    }
}

extension RenderError {
    /// The parameter that a client would have to change.
    fileprivate var parameter: String {
        switch self {
        case .optionInvalid(let name, _, _): name
        case .playerOutOfRange, .notAToken, .notAPatch: "player"
        case .noPlayer, .noPairs, .viewNotComparable: "view"
        case .lengthMismatch, .imageSizeInvalid, .wordRangeInvalid: "explanation"
        }
    }
}

/// The drawing's own options for those of the protocol.
private struct RenderOptionsChoice: Sendable {
    let options: Rendering.RenderOptions

    init(_ wanted: FIxLIPProtocol.RenderOptions) {
        let view: Rendering.RenderOptions.View =
            switch wanted.view ?? FIxLIPProtocol.RenderOptions.defaultView {
            case .overview: .overview
            case .token: .token(player: wanted.player)
            case .patch: .patch(player: wanted.player)
            case .pairs: .pairs
            }
        let colors: Rendering.RenderOptions.ColorMode =
            switch wanted.colors ?? FIxLIPProtocol.RenderOptions.defaultColors {
            case .trueColor: .trueColor
            case .ansi256: .ansi256
            case .none: .none
            }
        options = Rendering.RenderOptions(
            view: view, topK: wanted.topK ?? FIxLIPProtocol.RenderOptions.defaultTopK, width: wanted.width,
            colorMode: colors)
    }
}

extension Picture {
    fileprivate func text(_ format: RenderFormat, _ options: Rendering.RenderOptions) throws(RenderError) -> String {
        switch format {
        case .svg: try svg(options)
        case .html: try html(options)
        case .ansi: try ansi(options)
        case .markdown: try markdown(options)
        }
    }
}

extension PictureComparison {
    fileprivate func text(_ format: RenderFormat, _ options: Rendering.RenderOptions) throws(RenderError) -> String {
        switch format {
        case .svg: try svg(options)
        case .html: try html(options)
        case .ansi: try ansi(options)
        case .markdown: try markdown(options)
        }
    }
}
