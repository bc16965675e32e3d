import Encoders
import FIxLIPProtocol
import JSONRPC

/// `models/…` and `tokenize`
struct ModelHandlers: Sendable {
    let models: ModelPool
    let locator: ModelLocator
    /// Looks for models.
    let listing: WorkThreads
    /// Tokenizes.
    let preparing: WorkThreads

    func register(in table: inout MethodTable) {
        table.on(ModelsLoad.self) { parameters, _ in
            let keepAlive = parameters.keepAlive
            if let keepAlive, keepAlive != -1, !(0...DaemonConfiguration.longestWait).contains(keepAlive) {
                throw ParameterError(
                    "keepAlive", "must be seconds, at most a year, or -1 to keep the model; it is \(keepAlive)")
            }
            let hold = try await models.hold(
                parameters.model, precision: parameters.precision.map { Precision($0) }, keepAlive: keepAlive)
            return ModelsLoad.Result(hold.model)
        }

        table.on(ModelsList.self) { _, _ in
            let available = try await within(.seconds(30), "listing the models") { [listing, locator] in
                try await listing.run { turn in try locator.available(turn) }
            }
            return ModelsList.Result(
                loaded: models.loaded.map { ModelStatus($0) },
                available: available.map { ModelsList.Available($0) })
        }

        table.on(ModelsUnload.self) { parameters, _ in
            ModelsUnload.Result(unloaded: try await models.unload(parameters.model))
        }

        table.on(Tokenize.self) { parameters, _ in
            try ParameterLimit.items.check(count: parameters.texts.count, "texts", "texts")
            return try await models.with(parameters.model) { model in
                Tokenize.Result(
                    texts: try await preparing.run { turn in
                        try parameters.texts.enumerated().map { index, text in
                            try turn.check()
                            do {
                                return Tokenize.Tokens(try model.tokenize(text, turn))
                            } catch let error as ApplicationError {
                                throw error.at(index: index)
                            }
                        }
                    })
            }
        }
    }
}
