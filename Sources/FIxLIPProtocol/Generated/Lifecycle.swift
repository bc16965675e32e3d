// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.

import JSON

/// `initialize`: Tells client and daemon about each other.
package enum Initialize: RequestMethod {
    package static let name = "initialize"

    /// Parameters of `initialize`. Members that are not listed here are ignored, at any depth, so that clients of LSP
    /// can send theirs.
    package struct Parameters: Codable, Sendable, Equatable {
        /// The protocol version the client was written for; an error when the daemon speaks another. Left out, the
        /// client takes what the daemon has.
        package var protocolVersion: Int?
        /// What a client says of itself.
        package var clientInfo: Initialize.ClientInfo?
        /// How much `$/logTrace` tells.
        package var trace: Initialize.TraceLevel?

        package static let defaultTrace: Initialize.TraceLevel = .off

        package init(
            protocolVersion: Int? = nil, clientInfo: Initialize.ClientInfo? = nil, trace: Initialize.TraceLevel? = nil
        ) {
            self.protocolVersion = protocolVersion
            self.clientInfo = clientInfo
            self.trace = trace
        }
    }

    /// What a client says of itself. Other members are ignored.
    package struct ClientInfo: Codable, Sendable, Equatable {
        /// The client's name.
        package var name: String
        /// The client's version.
        package var version: String?

        package init(name: String, version: String? = nil) {
            self.name = name
            self.version = version
        }
    }

    /// How much `$/logTrace` tells: nothing, a line per request, or a line with timings.
    package enum TraceLevel: String, Choice {
        case off, messages, verbose
    }

    /// Result of `initialize`.
    package struct Result: Codable, Sendable, Equatable {
        /// The protocol version that is spoken. It is raised only when clients of the version before would no longer be
        /// understood.
        package var protocolVersion: Int
        /// What the daemon says of itself.
        package var serverInfo: Initialize.ServerInfo
        /// What the daemon can do.
        package var capabilities: Initialize.Capabilities

        package init(protocolVersion: Int, serverInfo: Initialize.ServerInfo, capabilities: Initialize.Capabilities) {
            self.protocolVersion = protocolVersion
            self.serverInfo = serverInfo
            self.capabilities = capabilities
        }
    }

    /// What the daemon says of itself.
    package struct ServerInfo: Codable, Sendable, Equatable {
        package var name: String
        /// The program's version.
        package var version: String

        package init(name: String, version: String) {
            self.name = name
            self.version = version
        }
    }

    /// What the daemon can do. A client asks here rather than for the daemon's version.
    package struct Capabilities: Codable, Sendable, Equatable {
        /// The names of all requests the daemon answers.
        package var methods: [String]
        /// Values of `index`.
        package var indices: [String]
        /// Values of `estimator`.
        package var estimators: [String]
        /// Values of `masking`.
        package var maskings: [String]
        /// Values of `encoding`.
        package var encodings: [String]
        /// Values of `format` of `explanation/render`.
        package var renderFormats: [String]
        /// What the daemon accepts at most.
        package var limits: Initialize.Limits

        package init(
            methods: [String], indices: [String], estimators: [String], maskings: [String], encodings: [String],
            renderFormats: [String], limits: Initialize.Limits
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

    /// What the daemon accepts at most.
    package struct Limits: Codable, Sendable, Equatable {
        /// Bytes of one message.
        package var messageBytes: Int
        /// Levels of nested arrays and objects.
        package var jsonDepth: Int
        /// Elements of a batch.
        package var batch: Int
        /// Pixels of one image.
        package var imagePixels: Int
        /// Image masks one explanation may ask for.
        package var imageMasks: Int
        /// Text masks one explanation may ask for.
        package var textMasks: Int

        package init(messageBytes: Int, jsonDepth: Int, batch: Int, imagePixels: Int, imageMasks: Int, textMasks: Int) {
            self.messageBytes = messageBytes
            self.jsonDepth = jsonDepth
            self.batch = batch
            self.imagePixels = imagePixels
            self.imageMasks = imageMasks
            self.textMasks = textMasks
        }
    }
}

/// `rpc.discover`: This description.
package enum Discover: RequestMethod {
    package static let name = "rpc.discover"
    package typealias Parameters = NoParameters
    package typealias Result = JSONValue
}
