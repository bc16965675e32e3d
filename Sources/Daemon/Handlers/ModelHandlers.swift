import Encoders
import FIxLIPProtocol
import JSONRPC

extension Services {
    /// `models/…` and `tokenize`
    func registerModelMethods(in table: inout MethodTable) {
        table.on(ModelsLoad.self) { parameters, _ in
            let keepAlive = parameters.keepAlive
            if let keepAlive, keepAlive != -1, !(0...DaemonConfiguration.longestWait).contains(keepAlive) {
                throw ParameterError(
                    "keepAlive", "must be seconds, at most a year, or -1 to keep the model; it is \(keepAlive)")
            }
            let lease = try await models.acquire(
                parameters.model ?? configuration.defaultModel,
                precision: parameters.precision.map { Precision($0) },
                otherwise: Precision(configuration.precision), keepAlive: keepAlive)
            await models.release(lease)
            return ModelsLoad.Result(lease)
        }

        table.on(ModelsList.self) { _, _ in
            let models = models
            return ModelsList.Result(
                loaded: await models.status, available: try await files.run { models.available() })
        }

        table.on(ModelsUnload.self) { parameters, _ in
            ModelsUnload.Result(unloaded: try await models.unload(parameters.model))
        }

        table.on(Tokenize.self) { parameters, _ in
            try await withModel(parameters.model) { lease in
                let texts = parameters.texts
                return Tokenize.Result(
                    texts: try await files.run {
                        try texts.enumerated().map { index, text in
                            Tokenize.Tokens(try lease.tokenize(text, index: index))
                        }
                    })
            }
        }
    }
}

extension ModelsLoad.Result {
    init(_ lease: ModelLease) {
        let model = lease.model.loaded
        self.init(
            id: lease.id, path: lease.key.folder, architecture: model.family.name, dimension: model.dimension,
            image: ImageShape(
                width: model.imageWidth, height: model.imageHeight, rows: model.rows, columns: model.columns),
            text: TextShape(positions: model.textPositions, vocabulary: model.vocabulary),
            precision: "\(model.precision)", maskPrecision: "\(model.maskPrecision)",
            precisionReason: model.precisionReason, logitScale: model.logitScale, logitBias: model.logitBias,
            bytes: model.residentBytes, loadMilliseconds: model.loadMilliseconds)
    }
}
