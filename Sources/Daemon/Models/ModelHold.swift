import Encoders

/// A loaded model as somebody uses it.
package struct HeldModel: Sendable {
    package let key: ModelKey
    /// What the client calls it.
    package let id: String
    package let running: RunningModel
    /// Which weights they are: masks that are kept over a restart belong to these alone.
    package let weights: WeightsIdentity

    package var loaded: LoadedModel { running.loaded }
}

/// The right to use a model: it stays loaded until this value goes.
package struct ModelHold: ~Copyable, Sendable {
    package let model: HeldModel
    private let pool: ModelPool

    init(_ model: HeldModel, in pool: ModelPool) {
        self.model = model
        self.pool = pool
    }

    deinit { pool.release(model) }
}

extension ModelPool {
    /// Holds a model while `body` uses it.
    /// - Throws: as ``hold(_:precision:keepAlive:)``, and what `body` throws.
    package func with<Value: Sendable>(
        _ name: String?, _ body: (HeldModel) async throws -> Value
    ) async throws -> Value {
        let hold = try await hold(name)
        defer { extendLifetime(hold) }
        return try await body(hold.model)
    }
}

extension HeldModel {
    /// What games are shared under.
    var gameModel: GameModel { gameModel(masks: loaded.maskPrecision) }

    /// What games are shared under whose masks are computed in the model's own precision.
    var preciseGameModel: GameModel { gameModel(masks: loaded.precision) }

    private func gameModel(masks: Precision) -> GameModel {
        GameModel(
            folder: key.folder.string, precision: "\(loaded.precision)/\(masks)", weights: weights.description)
    }
}
