import Encoders
import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import LinearAlgebra
import Logging

/// The daemon without its transport: models, games, explanations, and the methods on them.
///
/// Its folders use each other in one direction, each only what stands after it: `Handlers`, which alone speaks the
/// protocol, then `Explanations`, `Inputs`, `Models`, `Games`, `Compute`, `Errors`. This file puts them together.
package struct Daemon: Sendable {
    private let configuration: DaemonConfiguration
    private let models: ModelPool
    private let locator: ModelLocator
    private let games: GameStore
    private let maps: LearntMaps?
    private let scheduler: EncodeScheduler
    private let explanations: ExplanationStore
    private let images: ImageLoader
    private let threads: Threads
    private let memoryReturn: MemoryReturn
    private let classes: ClassVectors

    /// The threads of all work that is not encoding.
    private struct Threads: Sendable {
        /// Reads and decodes pictures, each of which may take hundreds of megabytes.
        let decoding = WorkThreads(name: "decode", stage: "decode", count: 2, begun: 4)
        /// Reads documents, tokenizes, draws.
        let preparing = WorkThreads(name: "prepare", stage: "decode", count: 2, begun: 16)
        /// Looks for models and measures them.
        let listing = WorkThreads(name: "list", stage: "load", count: 8)
        let loading = WorkThreads(name: "load", stage: "load", count: 1)
        /// Reads and writes kept games.
        let archiving = WorkThreads(name: "archive", stage: "load", count: 2)
        /// Solves estimates.
        let solver = WorkThreads(name: "solve", stage: "estimate", count: 2, begun: 4)
        /// Work of milliseconds that would still hold others up on the cooperative pool: picking masks, products of
        /// embeddings.
        let arithmetic = WorkThreads(name: "arithmetic", stage: "estimate", count: 1, begun: 16)

        func stop() {
            for threads in [decoding, preparing, listing, loading, archiving, solver, arithmetic] { threads.stop() }
        }
    }

    /// Starts the compute threads; loads no model.
    /// - Parameter executable: where the program lies, to find the built-in models beside it.
    /// - Throws: `ApplicationError` of kind `pathNotAllowed` for an image root that is not a folder.
    package init(configuration: DaemonConfiguration, executable: String, logger: Logger) throws {
        MemoryReturn.prepare()
        // Before any thread can compute: it switches the library's kernels.
        let kernels = LinearAlgebra.Runtime.kernels
        logger.debug("linear algebra", metadata: ["kernels": "\(kernels)"])
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let scheduler = EncodeScheduler(
            threadCount: configuration.computeThreads > 0 ? configuration.computeThreads : cores)
        let threads = Threads()
        let classes = ClassVectors()
        self.classes = classes
        let locator = ModelLocator(
            folders: configuration.modelFolders.isEmpty
                ? ModelLocator.standardFolders(
                    executable: executable, environment: ProcessInfo.processInfo.environment)
                : configuration.modelFolders)
        models = ModelPool(
            defaults: ModelPool.Defaults(
                model: configuration.defaultModel, precision: Precision(configuration.precision),
                keepAlive: configuration.keepAlive),
            memoryLimit: configuration.modelMemory, logger: logger, onLoad: { scheduler.expect($0) },
            onUnload: {
                scheduler.forget($0)
                classes.forget()
            },
            reading: ModelPool.Reading(locator, listing: threads.listing, loading: threads.loading))
        let archive = try configuration.stateFolder.map {
            try GameArchive(folder: $0, limit: configuration.stateLimit, logger: logger)
        }
        maps = configuration.learns ? archive.map { LearntMaps($0, on: threads.archiving, logger: logger) } : nil
        games = GameStore(
            limit: configuration.gameMemory, archive: archive, on: threads.archiving, logger: logger)
        explanations = ExplanationStore(idleLimit: configuration.explanationIdle)
        images = try ImageLoader(roots: configuration.imageRoots, maximumPixels: configuration.maximumImagePixels)
        memoryReturn = MemoryReturn(on: threads.loading)
        self.configuration = configuration
        self.scheduler = scheduler
        self.threads = threads
        self.locator = locator
    }

    /// The methods of the protocol.
    package func methods(server: ServerFace) -> MethodTable {
        let limits = MaskLimits(
            image: configuration.maximumImageMasks, text: configuration.maximumTextMasks,
            usualImage: Budget.defaultImageMasks, usualText: Budget.defaultTextMasks)
        let embedder = Embedder(
            scheduler: scheduler, images: images, decoding: threads.decoding, preparing: threads.preparing)
        let opener = Opener(
            models: models, scheduler: scheduler, games: games, maps: maps, explanations: explanations, images: images,
            embedder: embedder, classes: classes, decoding: threads.decoding, arithmetic: threads.arithmetic,
            limits: limits)
        let evaluator = Evaluator(
            explanations: explanations, scheduler: scheduler, games: games, solver: threads.solver,
            arithmetic: threads.arithmetic, limits: limits)
        let drawer = Drawer(evaluator: evaluator, solver: threads.solver, threads: threads.preparing)
        var table = MethodTable()
        ModelHandlers(models: models, locator: locator, listing: threads.listing, preparing: threads.preparing)
            .register(in: &table)
        EmbeddingHandlers(models: models, embedder: embedder, classes: classes, arithmetic: threads.arithmetic)
            .register(in: &table)
        ExplanationHandlers(
            explanations: explanations, games: games, opener: opener,
            refiner: Refiner(
                explanations: explanations, scheduler: scheduler, games: games, solver: threads.solver,
                arithmetic: threads.arithmetic, limits: limits,
                learning: maps.map { Learning(maps: $0, threads: threads.solver) }), drawer: drawer,
            solver: threads.solver
        ).register(in: &table)
        ReadingHandlers(
            explanations: explanations,
            importer: Importer(opener: opener, threads: threads.preparing, explanations: explanations),
            evaluator: evaluator, solver: threads.solver
        ).register(in: &table)
        RenderHandlers(explanations: explanations, drawer: drawer).register(in: &table)
        DocumentHandlers(threads: threads.preparing, images: images).register(in: &table)
        ServerHandlers(
            server: server, models: models, games: games, explanations: explanations, scheduler: scheduler,
            limits: Initialize.Limits(
                messageBytes: configuration.maximumMessageBytes, jsonDepth: JSONLimits.default.depth,
                batch: configuration.maximumBatch, imagePixels: configuration.maximumImagePixels,
                imageMasks: limits.image, textMasks: limits.text), idleExit: configuration.idleExit
        ).register(in: &table)
        return table
    }

    /// Loads the default model so that the first request does not wait for it.
    package func preload() async throws { _ = try await models.hold(nil) }

    /// Keeps what is to be kept and ends the threads.
    package func stop() async {
        memoryReturn.stop()
        await games.keepAll(within: .seconds(10))
        scheduler.stop()
        threads.stop()
    }
}
