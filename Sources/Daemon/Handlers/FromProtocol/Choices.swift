import Encoders
import FIxLIPProtocol
import Interactions
import Rendering
import Tokenizers

extension Precision {
    init(_ choice: PrecisionChoice) {
        switch choice {
        case .auto: self = .auto
        case .f32: self = .f32
        case .bf16: self = .bf16
        case .int8: self = .int8
        }
    }
}

extension InteractionIndex {
    init(_ choice: IndexChoice) {
        switch choice {
        case .banzhaf: self = .banzhaf
        case .shapley: self = .shapley
        }
    }
}

extension Estimator {
    init(_ choice: EstimatorChoice) {
        switch choice {
        case .ridge: self = .ridge
        case .leastSquares: self = .leastSquares
        }
    }
}

extension ImageMasking {
    init(_ choice: MaskingChoice) {
        switch choice {
        case .mean: self = .mean
        case .drop: self = .drop
        }
    }
}

extension ExplanationSettings.Sampling {
    init(_ choice: SamplingChoice) {
        switch choice {
        case .crossed: self = .crossed
        case .joint: self = .joint
        }
    }
}

extension Evaluation.Draw.Sampling {
    init(_ choice: CoalitionSampling) {
        switch choice {
        case .bernoulli: self = .bernoulli
        case .shapley: self = .shapley
        }
    }
}

extension Evaluation.Draw.Players {
    init(_ choice: EvaluatedPlayers) {
        switch choice {
        case .all: self = .all
        case .image: self = .image
        }
    }
}

extension Quadrant {
    init(_ choice: QuadrantChoice) {
        switch choice {
        case .topLeft: self = .topLeft
        case .topRight: self = .topRight
        case .bottomLeft: self = .bottomLeft
        case .bottomRight: self = .bottomRight
        }
    }
}

extension ItemFailure {
    init(_ policy: ItemErrorPolicy) {
        switch policy {
        case .fail: self = .fails
        case .item: self = .isNoted
        }
    }
}

extension DrawingRequest {
    /// - Throws: `ParameterError` for numbers that no drawing has.
    init(_ wanted: RenderOptions) throws(ParameterError) {
        try ParameterLimit.drawnPairs.check(wanted.topK, "topK")
        try ParameterLimit.drawingWidth.check(wanted.width, "width")
        let view: PictureOptions.View =
            switch wanted.view ?? RenderOptions.defaultView {
            case .overview: .overview
            case .token: .token(player: wanted.player)
            case .patch: .patch(player: wanted.player)
            case .pairs: .pairs
            case .waterfall: .plot(.waterfall)
            case .force: .plot(.force)
            case .network: .plot(.network)
            case .upset: .plot(.upset)
            }
        let colors: PictureOptions.ColorMode =
            switch wanted.colors ?? RenderOptions.defaultColors {
            case .trueColor: .trueColor
            case .ansi256: .ansi256
            case .none: .none
            }
        let format: Format =
            switch wanted.format {
            case .svg: .svg
            case .html: .html
            case .ansi: .ansi
            case .markdown: .markdown
            case .png: .png
            case .pdf: .pdf
            }
        let map: PictureOptions.MapStyle =
            switch wanted.map ?? RenderOptions.defaultMap {
            case .smooth: .smooth
            case .cells: .cells
            }
        self.init(
            format: format,
            options: PictureOptions(
                view: view, topK: wanted.topK ?? RenderOptions.defaultTopK, width: wanted.width,
                colorMode: colors, map: map, isCompact: wanted.compact ?? (format == .png || format == .pdf)),
            asksModel: wanted.askModel ?? RenderOptions.defaultAskModel)
    }
}
