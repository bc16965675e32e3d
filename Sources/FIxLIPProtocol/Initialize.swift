/// Tells client and daemon about each other; scripts may leave it out.
public enum Initialize: RequestMethod {
    public static let name = "initialize"

    public struct ClientInfo: Codable, Sendable {
        public var name: String
        public var version: String?
    }

    public enum TraceLevel: String, Choice { case off, messages, verbose }

    public struct Parameters: Codable, Sendable {
        public var protocolVersion: Int?
        public var clientInfo: ClientInfo?
        public var trace: TraceLevel?
    }

    public struct ServerInfo: Codable, Sendable {
        public var name: String
        public var version: String
        public init(name: String, version: String) {
            self.name = name
            self.version = version
        }
    }

    public struct Limits: Codable, Sendable {
        public var messageBytes: Int
        public var jsonDepth: Int
        public var batch: Int
        public var imagePixels: Int
        public var imageMasks: Int
        public var textMasks: Int
        public init(
            messageBytes: Int, jsonDepth: Int, batch: Int, imagePixels: Int, imageMasks: Int, textMasks: Int
        ) {
            self.messageBytes = messageBytes
            self.jsonDepth = jsonDepth
            self.batch = batch
            self.imagePixels = imagePixels
            self.imageMasks = imageMasks
            self.textMasks = textMasks
        }
    }

    public struct Capabilities: Codable, Sendable {
        public var methods: [String]
        public var indices: [String]
        public var estimators: [String]
        public var maskings: [String]
        public var encodings: [String]
        public var renderFormats: [String]
        public var limits: Limits
        public init(
            methods: [String], indices: [String], estimators: [String], maskings: [String], encodings: [String],
            renderFormats: [String], limits: Limits
        ) {
            self.methods = methods
            self.indices = indices
            self.estimators = estimators
            self.maskings = maskings
            self.encodings = encodings
            self.renderFormats = renderFormats
            self.limits = limits
        }
    }

    public struct Result: Codable, Sendable {
        public var protocolVersion: Int
        public var serverInfo: ServerInfo
        public var capabilities: Capabilities
        public init(protocolVersion: Int, serverInfo: ServerInfo, capabilities: Capabilities) {
            self.protocolVersion = protocolVersion
            self.serverInfo = serverInfo
            self.capabilities = capabilities
        }
    }
}
