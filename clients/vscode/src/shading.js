'use strict';
// What captions show in editors: shaded words and a note at the end of the line. Orange raises the match, blue lowers it; the two
// hues differ for every common kind of colour blindness.
const vscode = require('vscode');
const { rangesOf } = require('./captions');

const SHADES = {
  positive: { light: ['#f8e7da', '#efc7a9', '#e6a778', '#da7f3b'], dark: ['#402e1f', '#5d3d22', '#794c26', '#985c29'] },
  negative: { light: ['#e4edf5', '#c8d9ea', '#a6c2de', '#7aa3cd'], dark: ['#1f3041', '#27435e', '#2f567c', '#376899'] },
};
const INK = { light: '#111417', dark: '#ffffff' };

function toRange(range) {
  return new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
}

function signed(value) {
  const text = value.toFixed(2);
  if (Number(text) === 0) return '0.00';
  return value > 0 ? `+${text}` : text.replace('-', '−');
}

/** `positive3` and the like, or undefined where the value is less than an eighth of the largest. */
function shadeOf(value, largest) {
  if (largest <= 0 || Math.abs(value) < largest / 8) return undefined;
  const level = Math.max(1, Math.min(4, Math.ceil((Math.abs(value) / largest) * 4)));
  return `${value < 0 ? 'negative' : 'positive'}${level}`;
}

function noteOf(state) {
  if (state.phase === 'failed') return state.message;
  if (state.cosine === undefined) return '…';
  return `similarity ${state.cosine.toFixed(2)}${state.phase === 'done' ? '' : ' …'}`;
}

class Shading {
  constructor() {
    this.types = new Map();
    for (const [sign, { light, dark }] of Object.entries(SHADES)) {
      for (let level = 1; level <= 4; level++) {
        this.types.set(`${sign}${level}`, vscode.window.createTextEditorDecorationType({
          borderRadius: '2px', rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
          light: { backgroundColor: light[level - 1], color: INK.light },
          dark: { backgroundColor: dark[level - 1], color: INK.dark },
        }));
      }
    }
    this.notes = vscode.window.createTextEditorDecorationType({ rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed });
  }

  /** @param {{caption: object, state: object}[]} shown */
  draw(editor, shown) {
    const ranges = new Map([...this.types.keys()].map((name) => [name, []]));
    const notes = [];
    for (const { caption, state } of shown) {
      const words = state.words ?? [];
      const largest = Math.max(0, ...words.map((word) => Math.abs(word.value)));
      for (const word of words) {
        const shade = shadeOf(word.value, largest);
        if (!shade) continue;
        for (const range of rangesOf(caption, word.start, word.end, (each) => editor.document.getText(toRange(each)))) {
          ranges.get(shade).push(toRange(range));
        }
      }
      const { line } = caption.captionRange.end;
      const end = editor.document.lineAt(line).range.end;
      const color = new vscode.ThemeColor(state.phase === 'failed' ? 'editorWarning.foreground' : 'editorCodeLens.foreground');
      notes.push({
        range: new vscode.Range(end, end), renderOptions: { after: { contentText: noteOf(state), margin: '0 0 0 2em', color } },
      });
    }
    for (const [name, type] of this.types) editor.setDecorations(type, ranges.get(name));
    editor.setDecorations(this.notes, notes);
  }

  dispose() {
    for (const type of this.types.values()) type.dispose();
    this.notes.dispose();
  }
}

module.exports = { Shading, SHADES, INK, noteOf, signed, toRange };
