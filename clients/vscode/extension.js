'use strict';
const vscode = require('vscode');
const { LANGUAGES, captionAt, keyOf } = require('./src/captions');
const { Daemon } = require('./src/daemon');
const { Panel } = require('./src/panel');
const { CaptionLenses, WordHovers } = require('./src/providers');
const { Results } = require('./src/results');
const { Shading } = require('./src/shading');

const EDIT_PAUSE = 200; // milliseconds after an edit before captions are looked for again

function settings() {
  const section = vscode.workspace.getConfiguration('fixlip');
  return {
    socket: section.get('socket', ''), command: section.get('command', ''), autostart: section.get('autostart', true),
    model: section.get('model', ''), budget: section.get('budget', 512), scoreBudget: section.get('scoreBudget', 128),
    codeLens: section.get('codeLens', true),
  };
}

function warn(failure) {
  vscode.window.showWarningMessage(`FIxLIP: ${failure.message ?? failure}`);
}

/** Runs a command's work; what goes wrong becomes one message. */
function reporting(work) {
  return async (...parameters) => {
    try {
      return await work(...parameters);
    } catch (failure) {
      warn(failure);
      return undefined;
    }
  };
}

function activate(context) {
  const daemon = new Daemon(settings);
  const shading = new Shading();
  const panel = new Panel(context.extensionUri);
  const results = new Results(daemon, (document, phase) => {
    redraw(document);
    // Not at every estimate: the editor would ask for all lenses again.
    if (phase !== 'refining') lenses.refresh();
  });
  const lenses = new CaptionLenses(results, () => settings().codeLens);

  function redraw(document) {
    const shown = results.shown(document);
    if (!shown) return;
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document === document) shading.draw(editor, shown);
    }
  }

  async function explain(uri, place) {
    const editor = vscode.window.activeTextEditor;
    const document = uri ? await vscode.workspace.openTextDocument(uri) : editor?.document;
    if (!document) return warn('open a document with captioned images first');
    const position = place ?? editor.selection.active;
    const captions = await results.captions(document);
    const caption = captionAt(captions, position);
    if (!caption) return warn(captions.length ? 'no captioned image at the cursor' : 'no captioned images in this document');
    const subject = keyOf(caption);
    panel.open(subject);
    const { model, budget } = settings();
    return results.explain(document, caption, { model, budget, render: true }, (state) => panel.show(subject, state));
  }

  async function scores() {
    const document = vscode.window.activeTextEditor?.document;
    if (!document) return warn('open a document with captioned images first');
    const { model, scoreBudget } = settings();
    const { count, message } = await results.explainAll(document, { model, budget: scoreBudget, render: false });
    if (count === 0) return warn('no captioned images in this document');
    return message && warn(message);
  }

  function clear() {
    const document = vscode.window.activeTextEditor?.document;
    if (document) results.clear(document);
  }

  const pauses = new Map();
  function edited({ document }) {
    if (!results.has(document)) return;
    clearTimeout(pauses.get(document));
    pauses.set(document, setTimeout(() => {
      pauses.delete(document);
      results.captions(document, { mayStart: false }).then(() => redraw(document), () => {});
    }, EDIT_PAUSE));
  }

  const selector = LANGUAGES.map((language) => ({ language }));
  context.subscriptions.push(
    daemon, shading, panel,
    vscode.commands.registerCommand('fixlip.explain', reporting(explain)),
    vscode.commands.registerCommand('fixlip.scores', reporting(scores)),
    vscode.commands.registerCommand('fixlip.clear', clear),
    vscode.languages.registerHoverProvider(selector, new WordHovers(results)),
    vscode.languages.registerCodeLensProvider(selector, lenses),
    vscode.workspace.onDidChangeTextDocument(edited),
    vscode.workspace.onDidCloseTextDocument((document) => results.close(document)),
    vscode.window.onDidChangeVisibleTextEditors((editors) => editors.forEach((editor) => redraw(editor.document))),
  );
}

module.exports = { activate, deactivate() {} };
