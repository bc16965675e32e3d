'use strict';
// Stands in for the module `vscode`: as much of it as the extension uses, and what the tests look at.
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

class Position {
  constructor(line, character) { Object.assign(this, { line, character }); }
}

class Range {
  constructor(a, b, c, d) {
    this.start = a instanceof Position ? a : new Position(a, b);
    this.end = a instanceof Position ? b : new Position(c, d);
  }
  contains({ line, character }) {
    const before = (a, b) => a.line < b.line || (a.line === b.line && a.character < b.character);
    return !before({ line, character }, this.start) && !before(this.end, { line, character });
  }
}

class EventEmitter {
  constructor() {
    this.listeners = new Set();
    this.event = (listener) => {
      this.listeners.add(listener);
      return { dispose: () => this.listeners.delete(listener) };
    };
  }
  fire(value) { for (const listener of this.listeners) listener(value); }
}

class MarkdownString {
  constructor() { this.value = ''; }
  appendText(text) { this.value += text; }
  appendMarkdown(text) { this.value += text; }
}

class Document {
  constructor(file, languageId, text) {
    this.uri = { scheme: 'file', fsPath: file, toString: () => `file://${file}` };
    Object.assign(this, { languageId, text, version: 1 });
  }
  getText(range) {
    if (!range) return this.text;
    return this.text.slice(this.offset(range.start), this.offset(range.end));
  }
  offset({ line, character }) {
    const lines = this.text.split('\n');
    return lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
  }
  lineAt(line) {
    const text = this.text.split('\n')[line];
    return { text, range: new Range(line, 0, line, text.length) };
  }
  /** Edits and tells the extension. */
  replace(before, after) {
    this.text = this.text.replace(before, after);
    this.version += 1;
    events.changed.fire({ document: this });
  }
}

class Editor {
  constructor(document, line = 0, character = 0) {
    this.document = document;
    this.selection = { active: new Position(line, character) };
    this.decorations = new Map();
  }
  setDecorations(type, ranges) { this.decorations.set(type, ranges); }
  /** The shaded words: [text, background in a light theme]. */
  shaded() {
    const found = [];
    for (const [type, ranges] of this.decorations) {
      if (!type.options.light) continue;
      for (const range of ranges) found.push([this.document.getText(range), type.options.light.backgroundColor, range.start]);
    }
    found.sort((a, b) => a[2].line - b[2].line || a[2].character - b[2].character);
    return found.map(([text, color]) => [text, color]);
  }
  /** The notes at the ends of lines, by line. */
  notes() {
    const found = {};
    for (const [type, ranges] of this.decorations) {
      if (type.options.light) continue;
      for (const { range, renderOptions } of ranges) found[range.start.line] = renderOptions.after.contentText;
    }
    return found;
  }
}

const events = { changed: new EventEmitter(), closed: new EventEmitter(), visible: new EventEmitter() };
const seen = { commands: new Map(), messages: [], panels: [], settings: {}, hover: null, lenses: null };

const vscode = {
  Position, Range, EventEmitter, MarkdownString,
  Hover: class { constructor(contents, range) { Object.assign(this, { contents, range }); } },
  CodeLens: class { constructor(range, command) { Object.assign(this, { range, command }); } },
  ThemeColor: class { constructor(id) { this.id = id; } },
  DecorationRangeBehavior: { ClosedClosed: 1 },
  ViewColumn: { Beside: -2 },
  Uri: { joinPath: (base, ...parts) => ({ fsPath: path.join(base.fsPath, ...parts) }) },
  commands: {
    registerCommand: (name, run) => {
      seen.commands.set(name, run);
      return { dispose() {} };
    },
  },
  languages: {
    registerHoverProvider: (selector, provider) => { seen.hover = provider; return { dispose() {} }; },
    registerCodeLensProvider: (selector, provider) => { seen.lenses = provider; return { dispose() {} }; },
  },
  window: {
    activeTextEditor: undefined,
    visibleTextEditors: [],
    createTextEditorDecorationType: (options) => ({ options, dispose() {} }),
    showWarningMessage: (message) => { seen.messages.push(message); },
    onDidChangeVisibleTextEditors: events.visible.event,
    createWebviewPanel: (type, title, column, options) => {
      const received = new EventEmitter();
      const disposed = new EventEmitter();
      const panel = {
        type, title, options, posted: [], reveal() {}, dispose() { disposed.fire(); }, onDidDispose: disposed.event,
        webview: {
          html: '', cspSource: 'https://webview.example', onDidReceiveMessage: received.event,
          asWebviewUri: ({ fsPath }) => `https://webview.example${fsPath}`,
          postMessage: (message) => panel.posted.push(structuredClone(message)),
        },
        ready: () => received.fire({ kind: 'ready' }),
      };
      seen.panels.push(panel);
      return panel;
    },
  },
  workspace: {
    getConfiguration: () => ({ get: (name, otherwise) => seen.settings[name] ?? otherwise }),
    openTextDocument: async (uri) => vscode.window.visibleTextEditors.find(({ document }) => document.uri === uri)?.document,
    onDidChangeTextDocument: events.changed.event,
    onDidCloseTextDocument: events.closed.event,
  },
};

const load = Module._load;
Module._load = function (request, ...others) {
  return request === 'vscode' ? vscode : load.call(this, request, ...others);
};

const root = path.join(__dirname, '..', '..', '..');
const scenes = path.join(root, 'models', 'demo', 'scenes');
const folder = process.env.FIXLIP_TEST_FOLDER;
const extension = require('../extension');

/** The extension as if just installed; dispose with `end()`. */
function activated(settings = {}) {
  Object.assign(seen, { commands: new Map(), messages: [], panels: [], settings: { model: 'demo', budget: 64, scoreBudget: 64, ...settings } });
  const context = { extensionUri: { fsPath: path.join(__dirname, '..') }, subscriptions: [] };
  extension.activate(context);
  return { run: (name, ...parameters) => seen.commands.get(`fixlip.${name}`)(...parameters), end: () => context.subscriptions.forEach((each) => each.dispose()) };
}

/** An editor with a document, active and visible. */
function edit(name, languageId, text, line, character) {
  const editor = new Editor(new Document(path.join(folder, name), languageId, text), line, character);
  vscode.window.activeTextEditor = editor;
  vscode.window.visibleTextEditors = [editor];
  return editor;
}

/** Waits until a condition holds. */
async function until(what, condition) {
  const end = Date.now() + 60000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}; said: ${JSON.stringify(seen.messages)}`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

/** One answer of the daemon, over a connection of its own. */
async function call(method, params = {}) {
  const { Connection } = require('../src/connection');
  const connection = await Connection.open(process.env.FIXLIPD, ['connect']);
  try {
    return await connection.request(method, params);
  } finally {
    connection.close();
  }
}

module.exports = { activated, call, edit, events, folder, fs, root, scenes, seen, until, vscode, Document, Editor };
