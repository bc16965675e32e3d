'use strict';
// The webview beside the editor: the daemon's page about one caption, replaced while the estimate becomes better.
const crypto = require('node:crypto');
const path = require('node:path');
const vscode = require('vscode');

/** The page that stays; what the daemon draws is put into it by media/panel.js. No script but that one runs. */
function shell(scriptUri, cspSource, nonce) {
  const policy = `default-src 'none'; img-src data:; style-src ${cspSource} 'unsafe-inline'; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Why they match</title>
<style id="drawn"></style>
<style>#status{position:sticky;top:0;padding:6px 16px;font:13px system-ui,sans-serif;background:var(--vscode-editor-background,#fff);color:var(--vscode-descriptionForeground,#66707a);z-index:1}#status.fault{color:var(--vscode-editorWarning-foreground,#ad4d05)}</style>
</head>
<body>
<div id="status" role="status">opening …</div>
<div id="page"></div>
<script nonce="${nonce}" src="${scriptUri}"></script>
</body>
</html>
`;
}

function statusOf(state) {
  if (state.phase === 'failed') return state.message;
  if (state.cosine === undefined) return 'opening …';
  const masks = state.masks === undefined ? '' : state.phase === 'done' ? ` · ${state.masks} masks` : ` · ${state.masks} of ${state.budget} masks`;
  const fit = state.fit === undefined ? '' : ` · R² ${state.fit.toFixed(2)}`;
  const cut = state.truncated ? ' · the caption is longer than the model reads; its end is left out' : '';
  return `similarity ${state.cosine.toFixed(3)}${masks}${fit}${cut}`;
}

class Panel {
  constructor(extensionUri) {
    this.extensionUri = extensionUri;
    this.panel = null;
    this.subject = null;
    this.latest = null;
    this.isReady = false;
  }

  /** Shows the panel for a new subject; states of other subjects are left out from here on. */
  open(subject) {
    this.subject = subject;
    this.latest = null;
    if (this.panel) {
      this.panel.reveal(undefined, true);
    } else {
      this.create();
    }
    this.show(subject, { phase: 'opening' });
  }

  create() {
    const media = vscode.Uri.joinPath(this.extensionUri, 'media');
    this.panel = vscode.window.createWebviewPanel(
      'fixlip', 'Why they match', { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [media], retainContextWhenHidden: true });
    this.isReady = false;
    const { webview } = this.panel;
    this.panel.onDidDispose(() => { this.panel = null; });
    webview.onDidReceiveMessage((message) => {
      if (message?.kind !== 'ready') return;
      this.isReady = true;
      if (this.latest) webview.postMessage(this.latest);
    });
    const script = webview.asWebviewUri(vscode.Uri.joinPath(media, 'panel.js'));
    webview.html = shell(script, webview.cspSource, crypto.randomBytes(16).toString('base64url'));
  }

  show(subject, state) {
    if (!this.panel || subject !== this.subject || state.phase === 'cancelled') return;
    this.latest = { kind: 'state', status: statusOf(state), isFault: state.phase === 'failed', page: state.page ?? null };
    if (this.isReady) this.panel.webview.postMessage(this.latest);
  }

  dispose() {
    this.panel?.dispose();
  }
}

module.exports = { Panel, shell, statusOf, mediaFolder: path.join(__dirname, '..', 'media') };
