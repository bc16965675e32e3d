import FIxLIPProtocol
import JSONRPC

/// The shared daemon, asked from tasks. What somebody waits for goes beside what is done in the background.
package final class DaemonLink: Sendable {
    package enum Lane: Sendable {
        /// Tokens and embeddings.
        case quick
        /// Explanations that nobody asked for.
        case background
        /// What somebody asked for and waits for.
        case asked
    }

    private let quick: CallLane
    private let background: CallLane
    private let asked: CallLane

    /// - Parameter connect: makes a connection that was introduced to the daemon; called on a thread that may block.
    /// - Throws: `RPCClientError.system` when descriptors have run out.
    package init(connect: @escaping @Sendable () throws -> RPCClient) throws {
        quick = try CallLane("lane-quick", connect: connect)
        background = try CallLane("lane-back", connect: connect)
        asked = try CallLane("lane-asked", connect: connect)
    }

    package func close() {
        for lane in [quick, background, asked] { lane.close() }
    }

    /// - Throws: ``ModelFailure`` where it is the model that cannot be had; `RPCError` for other refusals;
    ///   `CancellationError`.
    package func call<Method: RequestMethod>(
        _ method: Method.Type, _ parameters: Method.Parameters, on lane: Lane,
        onProgress: (@Sendable (RefinementProgress) -> Void)? = nil
    ) async throws -> Method.Result {
        let lane =
            switch lane {
            case .quick: quick
            case .background: background
            case .asked: asked
            }
        do {
            return try await lane.call(method, parameters, onProgress: onProgress)
        } catch RPCClientError.remote(let error) {
            let ofModel: [ErrorKind] = [.modelNotFound, .modelUnsupported, .modelCorrupt, .memoryLimit]
            if ofModel.contains(where: { $0.rawValue == error.code }) { throw ModelFailure(message: error.message) }
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw ModelFailure(message: "\(error)")
        }
    }
}

/// Why no model can be asked: it cannot be loaded, or there is no daemon.
package struct ModelFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String
    package var description: String { message }
}
