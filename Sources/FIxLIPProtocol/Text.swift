/// How a model reads texts.
public enum Tokenize: RequestMethod {
    public static let name = "tokenize"

    public struct Parameters: Codable, Sendable {
        public var model: String?
        public var texts: [String]
    }

    public struct Player: Codable, Sendable, Equatable {
        public var token: String
        public var start: Int
        public var end: Int
        public var ids: [Int]
        public init(token: String, start: Int, end: Int, ids: [Int]) {
            self.token = token
            self.start = start
            self.end = end
            self.ids = ids
        }
    }

    public struct Tokens: Codable, Sendable, Equatable {
        /// What the model gets, special tokens and padding included.
        public var ids: [Int]
        public var tokens: [String]
        /// `[start, end)` in Unicode scalars of the given text, one per id.
        public var offsets: [[Int]]
        /// The tokens an explanation has as its text players.
        public var players: [Player]
        public var truncated: Bool
        public init(ids: [Int], tokens: [String], offsets: [[Int]], players: [Player], truncated: Bool) {
            self.ids = ids
            self.tokens = tokens
            self.offsets = offsets
            self.players = players
            self.truncated = truncated
        }
    }

    public struct Result: Codable, Sendable {
        public var texts: [Tokens]
        public init(texts: [Tokens]) { self.texts = texts }
    }
}
