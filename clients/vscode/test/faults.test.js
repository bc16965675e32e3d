'use strict';
const assert = require('node:assert/strict');
const net = require('node:net');
const path = require('node:path');
const { test, afterEach } = require('node:test');
const { activated, call, edit, folder, fs, scenes, seen, until } = require('./stand-in');
const { Connection } = require('../src/connection');
const { Daemon } = require('../src/daemon');
const { Explanation } = require('../src/explanation');

const line = `![a postbox next to a cocktail glass](${scenes}/scene-03.png)`;
let extension;
afterEach(() => extension?.end());

/** What a command says with these settings; one short line. */
async function said(settings, text = line, language = 'markdown', command = 'explain') {
  extension?.end();
  extension = activated(settings);
  edit('a.md', language, text, 0, 5);
  await extension.run(command);
  assert.equal(seen.messages.length, 1);
  assert.ok(!/\n| at .*\.js/.test(seen.messages[0]), seen.messages[0]);
  return seen.messages[0];
}

/** A server that answers each request with what `answer(request)` returns. */
async function standIn(name, answer) {
  const socket = path.join(folder, name);
  const server = net.createServer((client) => {
    client.setEncoding('utf8');
    client.on('error', () => {});
    client.on('data', (text) => {
      for (const each of text.trim().split('\n')) client.write(`${answer(JSON.parse(each))}\n`);
    });
  });
  await new Promise((resolve) => { server.listen(socket, resolve); });
  return { socket, stop: () => server.close() };
}

test('no daemon runs and none may or can be started', async () => {
  const socket = path.join(folder, 'none.sock');
  assert.equal(await said({ socket, autostart: false }), `FIxLIP: no daemon runs on ${socket}; start one with 'fixlipd serve'`);
  assert.equal(
    await said({ socket, command: 'no-such-program' }),
    "FIxLIP: 'no-such-program' cannot be started (not found); install fixlipd or set fixlip.command");
  assert.match(await said({ socket: `/tmp/${'x'.repeat(120)}` }), /has 125 bytes, the system allows 107/);
});

test('the daemon does not start', async () => {
  const open = path.join(folder, 'open');
  fs.mkdirSync(open, { recursive: true });
  fs.chmodSync(open, 0o755);
  assert.match(await said({ socket: path.join(open, 'daemon.sock') }), /^FIxLIP: others can enter .* run: chmod 700 /);
});

test('to look at a document starts no daemon', async () => {
  const socket = path.join(folder, 'unstarted.sock');
  extension = activated({ socket });
  const editor = edit('a.md', 'markdown', line);
  assert.deepEqual(await seen.lenses.provideCodeLenses(editor.document), []);
  assert.ok(!fs.existsSync(socket));
  assert.deepEqual(seen.messages, []);
});

test('the daemon speaks another version of the protocol', async () => {
  const other = await standIn('other.sock', ({ id }) => JSON.stringify({ jsonrpc: '2.0', id, result: { protocolVersion: 2 } }));
  assert.equal(
    await said({ socket: other.socket }),
    'FIxLIP: the daemon speaks another protocol version (2); this extension speaks 1: update the older of the two');
  other.stop();
  const refusing = await standIn('refusing.sock', ({ id }) => JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32602, message: 'no' } }));
  assert.match(await said({ socket: refusing.socket }), /another protocol version; this extension speaks 1/);
  refusing.stop();
});

test('something else answers on the socket', async () => {
  const mail = await standIn('mail.sock', () => '220 mail.example ESMTP');
  assert.equal(await said({ socket: mail.socket }), 'FIxLIP: what answers on the socket does not speak JSON-RPC; is it fixlipd?');
  mail.stop();
  const empty = await standIn('empty.sock', ({ id }) => JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
  assert.equal(await said({ socket: empty.socket }), 'FIxLIP: what answers on the socket is not fixlipd');
  empty.stop();
});

test('the daemon does not answer', async () => {
  const socket = path.join(folder, 'silent.sock');
  const server = net.createServer((client) => client.on('error', () => {}));
  await new Promise((resolve) => { server.listen(socket, resolve); });
  await assert.rejects(new Daemon(() => ({ socket, autostart: true }), 500).connect(), /the daemon does not answer/);
  server.close();
});

for (const command of ['explain', 'scores']) {
  test(`the daemon is killed during ${command}; the next call reconnects`, async () => {
    extension = activated({ budget: 60000, scoreBudget: 60000 });
    const editor = edit('a.md', 'markdown', `${line}\n\n![a snake](${scenes}/scene-02.png)\n`, 0, 5);
    const done = extension.run(command);
    await until('shading', () => editor.shaded().length > 0);
    const { pid } = await call('server/status');
    process.kill(pid, 'SIGKILL');
    await done;
    const gone = 'the daemon went away; run the command again to reconnect';
    assert.deepEqual(editor.notes(), { 0: gone });
    if (command === 'scores') assert.deepEqual(seen.messages, [`FIxLIP: ${gone}`]);
    else assert.deepEqual(seen.messages, []);
    seen.settings.budget = 64;
    await extension.run('explain');
    assert.match(editor.notes()[0], /^similarity -?\d\.\d\d$/);
    assert.notEqual((await call('server/status')).pid, pid);
  });
}

test('images that are missing or no images, and a model that is missing', async () => {
  for (const [image, model, note] of [
    ['no/cat.png', 'demo', /^cat\.png: No such file or directory$/],
    [`${scenes}/captions.json`, 'demo', /^captions\.json: not a PNG, JPEG or WebP file$/],
    [`${scenes}/scene-03.png`, '/no/model', /\/no\/model/],
  ]) {
    extension?.end();
    extension = activated({ model });
    const editor = edit('a.md', 'markdown', `![a cat](${image})`, 0, 3);
    const done = extension.run('explain');
    (await until('a panel', () => seen.panels[0])).ready();
    await done;
    assert.match(editor.notes()[0], note);
    assert.ok(seen.panels[0].posted.at(-1).isFault);
    assert.match(seen.panels[0].posted.at(-1).status, note);
  }
});

test('nothing to explain', async () => {
  assert.equal(await said({}, `text text\n\n${line}`), 'FIxLIP: no captioned image at the cursor');
  assert.equal(await said({}, `![](${scenes}/scene-00.png)`), 'FIxLIP: no captioned images in this document');
  assert.equal(await said({}, `![](${scenes}/scene-00.png)`, 'markdown', 'scores'), 'FIxLIP: no captioned images in this document');
  assert.equal(await said({}, 'x', 'cobol'), 'FIxLIP: captions are not read in cobol files');
});

test('a caption without words', async () => {
  const daemon = new Daemon(() => ({ socket: '', command: '', autostart: true }));
  const explanation = new Explanation(
    await daemon.connect(), { caption: ' ', image: `${scenes}/scene-00.png` }, { model: 'demo', budget: 64, render: false }, () => {});
  const state = await explanation.run();
  assert.deepEqual([state.phase, state.message], ['failed', 'the caption has no words']);
  daemon.dispose();
});

test('replies in pieces and several in one are read alike', async () => {
  const large = await standIn('large.sock', ({ id }) => `${JSON.stringify({ jsonrpc: '2.0', id, result: 'ü'.repeat(100000) })}\n`
    + JSON.stringify({ jsonrpc: '2.0', method: 'window/logMessage', params: { type: 3, message: 'x' } }));
  const connection = await Connection.open(process.env.FIXLIPD, ['connect', '--socket', large.socket]);
  const results = await Promise.all([1, 2, 3].map(() => connection.request('any', {})));
  assert.deepEqual(results.map((each) => each.length), [100000, 100000, 100000]);
  connection.close();
  await assert.rejects(connection.request('any', {}), /went away/);
  large.stop();
});
