import Encoders
import FIxLIPProtocol
import Foundation
import Tokenizers

extension ModelsLoad.Result {
    init(_ held: HeldModel) {
        let model = held.loaded
        self.init(
            id: held.id, path: held.key.folder.string, architecture: model.family.name,
            dimension: model.dimension,
            image: ImageShape(
                width: model.imageWidth, height: model.imageHeight, rows: model.rows, columns: model.columns,
                mostPatches: model.mostPatches),
            text: TextShape(positions: model.textPositions, vocabulary: model.vocabulary),
            precision: "\(model.precision)", maskPrecision: "\(model.maskPrecision)",
            precisionReason: model.precisionReason, logitScale: model.logitScale, logitBias: model.logitBias,
            bytes: model.residentBytes, loadMilliseconds: model.loadMilliseconds)
    }
}

extension ModelStatus {
    init(_ pooled: PooledModel) {
        let model = pooled.model
        let clock = Date().timeIntervalSince1970
        self.init(
            id: pooled.id, path: pooled.folder.string, architecture: model.family.name,
            precision: "\(model.precision)", maskPrecision: "\(model.maskPrecision)",
            precisionReason: model.precisionReason, bytes: model.residentBytes,
            lastUsedSecondsAgo: pooled.idleSeconds, expiresInSeconds: pooled.expiresIn,
            lastUsed: Int(clock - pooled.idleSeconds),
            expiresAt: pooled.expiresIn.map { Int((clock + $0).rounded(.up)) }, inUse: pooled.holders)
    }
}

extension ModelsList.Available {
    init(_ model: AvailableModel) {
        let origin =
            switch model.origin {
            case .builtIn: "builtin"
            case .hubCache: "cache"
            }
        self.init(
            id: model.id, path: model.folder, origin: origin, loadable: model.problem == nil, reason: model.problem,
            summary: model.summary.map { ModelSummary($0) })
    }
}

extension ModelSummary {
    init(_ model: FolderSummary) {
        self.init(
            architecture: model.architecture,
            image: ImageShape(
                width: model.imageSize, height: model.imageSize, rows: model.grid, columns: model.grid,
                mostPatches: model.mostPatches),
            patchSize: model.patchSize, width: model.width, dimension: model.dimension,
            text: TextShape(positions: model.textPositions, vocabulary: model.vocabulary), textKind: model.textKind,
            fileBytes: model.fileBytes, precision: "\(model.precision)", maskPrecision: "\(model.maskPrecision)",
            languages: model.languages.isEmpty ? nil : model.languages)
    }
}

extension Tokenize.Tokens {
    init(_ tokenization: Tokenization) {
        self.init(
            ids: tokenization.ids, tokens: tokenization.tokens,
            offsets: tokenization.offsets.map { [$0.lowerBound, $0.upperBound] },
            players: tokenization.players.map {
                Tokenize.Player(token: $0.token, start: $0.start, end: $0.end, ids: $0.ids)
            }, truncated: tokenization.truncated)
    }
}

extension ServerStatus.GameMemory {
    init(_ status: GameStatus) {
        func games(_ sum: GameStatus.Sum) -> ServerStatus.Games {
            ServerStatus.Games(count: sum.count, masks: sum.masks, bytes: sum.bytes)
        }
        self.init(
            image: games(status.image), text: games(status.text), limitBytes: status.limit, evicted: status.evicted)
    }
}
