public enum RenderFormat: String, Choice { case svg, html, ansi, markdown }
public enum RenderView: String, Choice { case overview, token, patch, pairs }
/// Colours of a terminal.
public enum TerminalColors: String, Choice { case trueColor, ansi256, none }

/// How a picture of an explanation should look.
public struct RenderOptions: Codable, Sendable, Equatable {
    public var format: RenderFormat
    public var view: RenderView?
    /// The player that `token` and `patch` views are about.
    public var player: Int?
    /// How many of the strongest pairs are drawn.
    public var topK: Int?
    /// Pixels, or columns of a terminal.
    public var width: Int?
    public var colors: TerminalColors?
    public init(
        format: RenderFormat, view: RenderView? = nil, player: Int? = nil, topK: Int? = nil, width: Int? = nil,
        colors: TerminalColors? = nil
    ) {
        self.format = format
        self.view = view
        self.player = player
        self.topK = topK
        self.width = width
        self.colors = colors
    }
}

public struct Rendered: Codable, Sendable {
    public var mimeType: String
    public var content: String
    public init(mimeType: String, content: String) {
        self.mimeType = mimeType
        self.content = content
    }
}

/// Draws the current estimate.
public enum ExplanationRender: RequestMethod {
    public static let name = "explanation/render"
    public struct Parameters: Codable, Sendable {
        public var explanation: String
        /// Drawn beside the first on one scale.
        public var compareWith: String?
        public var format: RenderFormat
        public var view: RenderView?
        public var player: Int?
        public var topK: Int?
        public var width: Int?
        public var colors: TerminalColors?

        public var options: RenderOptions {
            RenderOptions(format: format, view: view, player: player, topK: topK, width: width, colors: colors)
        }
    }
    public typealias Result = Rendered
}
