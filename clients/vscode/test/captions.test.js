'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { test, after } = require('node:test');
const { Document, folder, fs, root, scenes } = require('./stand-in');
const { LANGUAGES, captionAt, findCaptions, imageOf, rangesOf, shortMessage } = require('../src/captions');
const { Daemon } = require('../src/daemon');

const daemon = new Daemon(() => ({ socket: '', command: '', autostart: true }));
after(() => daemon.dispose());

test('the shared cases are found in a document', async () => {
  const connection = await daemon.connect();
  const cases = path.join(root, 'clients', 'testdata', 'captions');
  const files = fs.readdirSync(cases).filter((name) => name.endsWith('.json'));
  assert.ok(files.length > 20);
  for (const file of files) {
    const { languageId, path: name, encoding = 'utf-16', text, expected } = JSON.parse(fs.readFileSync(path.join(cases, file), 'utf8'));
    if (!name?.startsWith('/') || encoding !== 'utf-16') continue;
    const found = await findCaptions(connection, new Document(name, languageId, text));
    const plain = found.map(({ image, caption, range, captionRange }) => ({ image, caption, range, captionRange }));
    assert.deepEqual(plain, expected, file);
  }
});

test('words are found behind escapes, entities, wide characters and line ends', async () => {
  const document = new Document(`${folder}/a.md`, 'markdown', 'é🐍 ![süß *rote* &amp; \\*x 🐍\nKatze](a.png)\n');
  const [caption] = await findCaptions(await daemon.connect(), document);
  assert.equal(caption.caption, 'süß rote & *x 🐍 Katze');
  const textOf = (range) => document.getText(range);
  const word = (first, last) => rangesOf(caption, first, last, textOf).map(textOf).join('|');
  assert.deepEqual([[0, 3], [4, 8], [9, 10], [14, 15], [16, 21]].map((each) => word(...each)), ['süß', 'rote', '&amp;', '🐍', 'Katze']);
});

test('words are found in lines that end in CRLF', async () => {
  const document = new Document(`${folder}/a.md`, 'markdown', '![a red\r\nsquare](a.png)\r\n');
  const [caption] = await findCaptions(await daemon.connect(), document);
  assert.equal(caption.caption, 'a red square');
  const textOf = (range) => document.getText(range);
  assert.deepEqual(rangesOf(caption, 2, 5, textOf).map(textOf), ['red']);
  assert.deepEqual(rangesOf(caption, 6, 12, textOf).map(textOf), ['square']);
});

test('every language of the manifest is one that the daemon knows', async () => {
  const connection = await daemon.connect();
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'clients', 'vscode', 'package.json'), 'utf8'));
  assert.deepEqual(manifest.activationEvents.map((each) => each.replace('onLanguage:', '')).sort(), [...LANGUAGES].sort());
  for (const language of LANGUAGES) assert.deepEqual(await findCaptions(connection, new Document(`${folder}/a`, language, '')), []);
});

test('the caption at the cursor is the one around it, or the only one of its line', () => {
  const caption = (line, from, to) => {
    const range = { start: { line, character: from }, end: { line, character: to } };
    return { range, captionRange: range };
  };
  const [a, b, c] = [caption(0, 2, 10), caption(0, 12, 20), caption(1, 5, 9)];
  const at = (line, character) => captionAt([a, b, c], { line, character });
  assert.deepEqual([at(0, 2), at(0, 19), at(0, 11), at(1, 0), at(2, 0)], [a, b, undefined, c, undefined]);
});

test('images without an extension are looked for, and messages name files, not paths', () => {
  assert.equal(imageOf({ image: `${scenes}/scene-00` }), `${scenes}/scene-00.png`);
  assert.equal(imageOf({ image: '/nowhere/cat' }), '/nowhere/cat');
  assert.equal(shortMessage('/a/b.png: No such file', '/a/b.png'), 'b.png: No such file');
});
