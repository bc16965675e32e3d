extension Explain.Parameters {
    package var selection: Selection { Selection(layout: layout) }

    /// The refinement of an explanation that ``open`` began.
    package func refine(_ explanation: String) -> ExplanationRefine.Parameters {
        ExplanationRefine.Parameters(explanation: explanation, rules: rules, values: selection)
    }
}

extension Explain.Result {
    package init(opened: ExplanationOpen.Result, refined: ExplanationRefine.Result, render: Rendered?) {
        self.init(
            model: opened.model, players: opened.players, emptyValue: opened.emptyValue, fullValue: opened.fullValue,
            cosine: opened.cosine, centeredValue: opened.centeredValue, scale: opened.scale, target: opened.target,
            learnt: opened.learnt, truncated: opened.truncated, imageMasks: refined.imageMasks,
            textMasks: refined.textMasks, stopReason: refined.stopReason,
            elapsedMilliseconds: refined.elapsedMilliseconds, looR2: refined.looR2, values: refined.values,
            render: render)
    }
}

extension ExplanationImport.Parameters {
    /// The explanation of the same image and caption, to be filled.
    package func open(index: IndexChoice, order: Int) -> ExplanationOpen.Parameters {
        ExplanationOpen.Parameters(
            model: model, image: image, text: text, image2: image2, text2: text2, target: target, scale: scale,
            index: index, p: p, order: order, players: players)
    }
}

extension Similarity.SideError {
    package init(of list: String, _ error: ItemError) {
        self.init(of: list, index: error.index, code: error.code, kind: error.kind, message: error.message)
    }
}
