'use strict';
const assert = require('node:assert/strict');
const { test, afterEach } = require('node:test');
const { activated, call, edit, scenes, seen, until } = require('./stand-in');
const { SHADES, INK } = require('../src/shading');

const caption = 'a postbox next to a cocktail glass';
const line = `![${caption}](${scenes}/scene-03.png)`;
const isScore = (note) => /^similarity -?\d\.\d\d$/.test(note ?? '');
let extension;
afterEach(() => extension?.end());

test('a caption is explained: words shaded, similarity noted, page drawn', async () => {
  extension = activated();
  const editor = edit('a.md', 'markdown', `# Pictures\n\n${line}\n`, 2, 5);
  const done = extension.run('explain');
  const panel = await until('a panel', () => seen.panels[0]);
  panel.ready();
  await done;
  const result = await call('explain', {
    model: 'demo', image: `${scenes}/scene-03.png`, text: caption, players: { text: 'words' }, budget: { imageMasks: 64 }, pairs: 'crossModal',
  });
  assert.deepEqual(editor.notes(), { 2: `similarity ${result.cosine.toFixed(2)}` });
  const weights = result.players.text.map((player, index) => [player.token, result.values.firstOrderReading[result.players.image.count + index]]);
  const [strongest, value] = weights.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))[0];
  assert.deepEqual(editor.shaded().find(([text]) => text === strongest), [strongest, SHADES[value < 0 ? 'negative' : 'positive'].light[3]]);
  const last = panel.posted.at(-1);
  assert.ok(last.status.startsWith(`similarity ${result.cosine.toFixed(3)} · ${result.imageMasks} masks · R² `), last.status);
  assert.ok(!last.isFault);
  assert.ok(last.page.includes('<main>') && last.page.includes(strongest));
  // What media/panel.js builds on.
  for (const mark of ['data-player="', 'class="heat"', '#a-heat', 'a-map-1', 'prefers-color-scheme:dark']) assert.ok(last.page.includes(mark), mark);
});

test('the webview runs no script but its own and loads nothing', async () => {
  extension = activated();
  edit('a.md', 'markdown', line, 0, 5);
  await extension.run('explain');
  const { html } = seen.panels[0].webview;
  const policy = /content="(default-src 'none';[^"]*)"/.exec(html)[1];
  const nonce = /script-src 'nonce-([\w-]{20,})'$/.exec(policy)[1];
  assert.ok(!/script-src[^;]*unsafe/.test(policy));
  assert.deepEqual([...html.matchAll(/<script[^>]*>/g)].map(([tag]) => tag.includes(`nonce="${nonce}"`)), [true]);
  assert.equal(seen.panels[0].options.localResourceRoots.length, 1);
});

test('the panel follows the refinement, and clearing ends it', async () => {
  extension = activated({ budget: 60000 });
  const editor = edit('a.md', 'markdown', line, 0, 5);
  const done = extension.run('explain');
  const panel = await until('a panel', () => seen.panels[0]);
  panel.ready();
  const masks = () => panel.posted.filter((each) => each.page).map((each) => Number(/(\d+) of 60000 masks/.exec(each.status)?.[1]));
  await until('two pages on the way', () => new Set(masks()).size > 1);
  assert.ok(editor.shaded().length > 0);
  assert.match(editor.notes()[0], / …$/);
  extension.run('clear');
  await done;
  assert.deepEqual(editor.shaded(), []);
  assert.deepEqual(editor.notes(), {});
  await until('no open explanation', async () => (await call('explanation/list')).explanations.length === 0);
});

test('all captions are scored, and what is wrong with one stands beside it', async () => {
  extension = activated();
  const editor = edit('a.md', 'markdown', `${line}\n\n![a snake](none.png)\n\n<img src="${scenes}/scene-02.png" alt="a snake">\n`);
  await extension.run('scores');
  const notes = editor.notes();
  assert.ok(isScore(notes[0]) && isScore(notes[4]), JSON.stringify(notes));
  assert.equal(notes[2], 'none.png: No such file or directory');
  assert.deepEqual(seen.messages, []);
  assert.equal(seen.panels.length, 0);
});

test('edits elsewhere move the shading, edits of a caption remove it', async () => {
  extension = activated();
  const editor = edit('a.md', 'markdown', `${line}\n\n![a snake](${scenes}/scene-02.png)\n`);
  await extension.run('scores');
  const before = editor.shaded();
  editor.document.replace('', 'more\n');
  await until('moved notes', () => isScore(editor.notes()[1]) && isScore(editor.notes()[3]));
  assert.deepEqual(editor.shaded(), before);
  editor.document.replace('postbox', 'mailbox');
  await until('one note', () => Object.keys(editor.notes()).length === 1);
  assert.ok(editor.shaded().every(([text]) => ['a', 'snake'].includes(text)));
});

test('hovering over a word tells its weight and strongest patches', async () => {
  extension = activated();
  const editor = edit('a.md', 'markdown', line, 0, 5);
  assert.equal(seen.hover.provideHover(editor.document, { line: 0, character: 5 }), undefined);
  await extension.run('explain');
  const hover = seen.hover.provideHover(editor.document, { line: 0, character: line.indexOf('postbox') + 2 });
  assert.match(hover.contents.value, /^“postbox” [+−]?\d+\.\d\d logits · similarity -?0\.\d{3} · \d+ masks\n\nrow \d, column \d of the image: [+−]?\d/);
  assert.equal(editor.document.getText(hover.range), 'postbox');
  assert.equal(seen.hover.provideHover(editor.document, { line: 0, character: line.length - 1 }), undefined);
});

test('lenses offer an explanation and show the similarity; a click explains that caption', async () => {
  extension = activated();
  const editor = edit('a.md', 'markdown', `text\n\n${line}\n`);
  await call('server/ping');
  const [lens] = await seen.lenses.provideCodeLenses(editor.document);
  assert.equal(lens.command.title, 'explain the match');
  let refreshed = 0;
  seen.lenses.onDidChangeCodeLenses(() => { refreshed += 1; });
  await extension.run('explain', ...lens.command.arguments);
  assert.ok(isScore(editor.notes()[2]));
  assert.ok(refreshed > 0);
  const [after] = await seen.lenses.provideCodeLenses(editor.document);
  assert.match(after.command.title, /^similarity -?\d\.\d\d · explain$/);
  seen.settings.codeLens = false;
  assert.deepEqual(await seen.lenses.provideCodeLenses(editor.document), []);
});

test('text on every shade has a contrast of 4.5 or more', () => {
  const luminance = (color) => [[1, 0.2126], [3, 0.7152], [5, 0.0722]].reduce((sum, [from, weight]) => {
    const value = parseInt(color.slice(from, from + 2), 16) / 255;
    return sum + weight * (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  }, 0);
  for (const shades of Object.values(SHADES)) {
    for (const [theme, colors] of Object.entries(shades)) {
      for (const color of colors) {
        const [low, high] = [luminance(color), luminance(INK[theme])].sort((a, b) => a - b);
        assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `${theme} ${color}`);
      }
    }
  }
});
