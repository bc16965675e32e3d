import Encoders
import FIxLIPProtocol
import Foundation
import JSONRPC
import LinearAlgebra
import Logging

/// The daemon without its transport: models, games, explanations, and the methods on them.
package struct Daemon: Sendable {
    private let services: Services
    private let memoryReturn: MemoryReturn

    /// Starts the compute threads; loads no model.
    /// - Parameter executable: where the program lies, to find the built-in models beside it.
    /// - Throws: `ApplicationError` of kind `pathNotAllowed` for an image root that is no folder.
    package init(configuration: DaemonConfiguration, executable: String, logger: Logger) throws {
        MemoryReturn.prepare()
        // Before any thread can compute: it switches the library's kernels.
        let kernels = LinearAlgebra.Runtime.kernels
        logger.debug("linear algebra", metadata: ["kernels": "\(kernels)"])
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let scheduler = EncodeScheduler(
            threadCount: configuration.computeThreads > 0 ? configuration.computeThreads : cores)
        let files = WorkThreads(name: "files", stage: "decode", count: 2)
        let loading = WorkThreads(name: "load", stage: "load", count: 1)
        let archiving = WorkThreads(name: "archive", stage: "load", count: 2)
        let solver = WorkThreads(name: "solve", stage: "estimate", count: 2)
        let arithmetic = WorkThreads(name: "arithmetic", stage: "estimate", count: 1)
        var configuration = configuration
        if configuration.modelFolders.isEmpty {
            configuration.modelFolders = ModelLocator.standardFolders(
                executable: executable, environment: ProcessInfo.processInfo.environment)
        }
        let models = ModelPool(
            locator: ModelLocator(folders: configuration.modelFolders), memoryLimit: configuration.modelMemory,
            keepAlive: configuration.keepAlive, logger: logger, onLoad: { scheduler.expect($0) },
            onUnload: { scheduler.forget($0) },
            sizing: { folder, precision in
                try await files.run {
                    do throws(ModelError) {
                        return try LoadedModel.leastBytes(folder: folder, precision: precision)
                    } catch {
                        throw ApplicationError(error)
                    }
                }
            },
            loader: { folder, precision in
                try await loading.run { try ReadModel(folder: folder, precision: precision) }
            })
        let archive = try configuration.stateFolder.map {
            try GameArchive(folder: $0, limit: configuration.stateLimit, logger: logger)
        }
        let games = GameStore(limit: configuration.gameMemory, archive: archive, files: archiving, logger: logger)
        let explanations = ExplanationStore(idleLimit: configuration.explanationIdle) { explanation in
            await games.release(explanation.imageGame.key)
            await games.release(explanation.textGame.key)
            await games.releaseExplanation(explanation.id)
            await models.release(explanation.lease)
        }
        services = Services(
            configuration: configuration, models: models, scheduler: scheduler, games: games,
            explanations: explanations, images: try ImageLoader(configuration), files: files, loading: loading,
            archiving: archiving, solver: solver, arithmetic: arithmetic, logger: logger)
        memoryReturn = MemoryReturn(on: loading) { scheduler.batchesTaken }
    }

    /// The methods of the protocol.
    package func methods(server: ServerFace) -> MethodTable {
        var table = MethodTable()
        services.registerModelMethods(in: &table)
        services.registerEmbeddingMethods(in: &table)
        services.registerExplanationMethods(in: &table)
        services.registerReadingMethods(in: &table)
        services.registerRenderMethods(in: &table)
        services.registerDocumentMethods(in: &table)
        services.registerServerMethods(in: &table, server: server)
        return table
    }

    /// Loads the default model so that the first request does not wait for it.
    package func preload() async throws {
        let lease = try await services.models.acquire(
            services.configuration.defaultModel, precision: nil,
            otherwise: Precision(services.configuration.precision))
        await services.models.release(lease)
    }

    /// Keeps what is to be kept and ends the threads.
    package func stop() async {
        memoryReturn.stop()
        await services.games.keepAll(within: .seconds(10))
        services.scheduler.stop()
        services.files.stop()
        services.loading.stop()
        services.archiving.stop()
        services.solver.stop()
        services.arithmetic.stop()
    }
}
