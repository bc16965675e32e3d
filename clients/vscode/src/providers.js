'use strict';
// Code lenses above captions and hovers over their words.
const vscode = require('vscode');
const { signed, toRange, noteOf } = require('./shading');
const { rangesOf } = require('./captions');

class CaptionLenses {
  constructor(results, isEnabled) {
    this.results = results;
    this.isEnabled = isEnabled;
    this.emitter = new vscode.EventEmitter();
    this.onDidChangeCodeLenses = this.emitter.event;
  }

  refresh() {
    this.emitter.fire();
  }

  async provideCodeLenses(document) {
    if (!this.isEnabled()) return [];
    let captions;
    try {
      // To look at a document must not start a daemon.
      captions = await this.results.captions(document, { mayStart: false });
    } catch {
      return [];
    }
    return captions.map((caption) => {
      const state = this.results.at(document, caption.range.start)?.state;
      const title = state && state.phase !== 'failed' ? `${noteOf(state)} · explain` : 'explain the match';
      const { line, character } = caption.range.start;
      return new vscode.CodeLens(toRange(caption.range), {
        title, command: 'fixlip.explain', arguments: [document.uri, { line, character }],
      });
    });
  }
}

class WordHovers {
  constructor(results) {
    this.results = results;
  }

  provideHover(document, position) {
    const found = this.results.at(document, position);
    if (!found?.state?.words) return undefined;
    const { caption, state } = found;
    const textOf = (range) => document.getText(toRange(range));
    for (const [index, word] of state.words.entries()) {
      for (const range of rangesOf(caption, word.start, word.end, textOf).map(toRange)) {
        if (!range.contains(position)) continue;
        const content = new vscode.MarkdownString();
        content.appendText(`“${word.text}” ${signed(word.value)} logits · similarity ${state.cosine.toFixed(3)} · ${state.masks} masks`);
        for (const pair of state.pairs.filter((each) => each.word === index).slice(0, 3)) {
          content.appendMarkdown('\n\n');
          content.appendText(`row ${pair.row}, column ${pair.column} of the image: ${signed(pair.value)}`);
        }
        return new vscode.Hover(content, range);
      }
    }
    return undefined;
  }
}

module.exports = { CaptionLenses, WordHovers };
