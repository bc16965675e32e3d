'use strict';
// Prints the page of the VS Code extension about an image and a caption, as a browser can show it: the extension's own shell and
// script under their own content security policy, and a stand-in for the editor that posts the last state.
// usage: node editors-panel.js IMAGE CAPTION
const path = require('node:path');
const Module = require('node:module');

const extension = path.join(__dirname, '..', '..', 'clients', 'vscode');
const load = Module._load;
Module._load = function (request, ...others) {
  return request === 'vscode' ? {} : load.call(this, request, ...others);
};
const { Daemon } = require(path.join(extension, 'src', 'daemon'));
const { Explanation } = require(path.join(extension, 'src', 'explanation'));
const { shell, statusOf, mediaFolder } = require(path.join(extension, 'src', 'panel'));

async function main([image, caption]) {
  const daemon = new Daemon(() => ({ socket: '', command: '', autostart: true }));
  const explanation = new Explanation(
    await daemon.connect(), { image, caption }, { model: 'demo', budget: 512, render: true }, () => {});
  const state = await explanation.run();
  daemon.dispose();
  if (state.phase !== 'done') throw new Error(state.message);
  const message = { kind: 'state', status: statusOf(state), isFault: false, page: state.page };
  const nonce = 'c3RhbmQtaW4tbm9uY2U';
  const standIn = `<script nonce="${nonce}">function acquireVsCodeApi(){return{postMessage:function(){
window.postMessage(${JSON.stringify(message).replaceAll('<', '\\u003c')},'*')}}}</script>`;
  const page = shell(`file://${path.join(mediaFolder, 'panel.js')}`, "'self'", nonce);
  process.stdout.write(page.replace('<body>', () => `<body class="vscode-light">${standIn}`));
}

main(process.argv.slice(2)).catch((failure) => {
  process.stderr.write(`editors-panel: ${failure.message}\n`);
  process.exitCode = 1;
});
