'use strict';
// One connection to the daemon, through `fixlipd connect`: JSON-RPC 2.0, one message a line.
const { spawn } = require('node:child_process');

/** Something went wrong that a user should read; `code` is the protocol's, or 'gone'. */
class FixlipError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

const GONE = 'the daemon went away; run the command again to reconnect';

class Connection {
  /** @param {ChildProcess} child a program that speaks for the daemon on its standard input and output */
  constructor(child) {
    this.child = child;
    this.isOpen = true;
    this.pending = new Map();
    this.progress = new Map(); // functions of a progress value, by token
    this.nextId = 0;
    this.parts = [];
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => this.receive(text));
    child.stderr.setEncoding('utf8').on('data', (text) => { errors += text; });
    child.stdin.on('error', () => {});
    child.on('close', () => {
      const line = errors.trim().split('\n').pop().replace(/^Error: /, '');
      this.close(line || GONE, line ? undefined : 'gone');
    });
  }

  /** @returns {Promise<Connection>} rejects with the system's error (`ENOENT`, `EACCES`, …) if the program cannot be started */
  static open(command, parameters) {
    return new Promise((resolve, reject) => {
      const child = spawn(command, parameters, { stdio: 'pipe' });
      child.once('error', reject);
      child.once('spawn', () => resolve(new Connection(child)));
    });
  }

  /**
   * Sends a request. The promise has a `cancel()`, after which it rejects once the daemon has let go.
   * @returns {Promise<any> & {cancel: () => void}}
   */
  request(method, params) {
    const id = ++this.nextId;
    const answer = new Promise((resolve, reject) => {
      if (!this.isOpen) {
        reject(new FixlipError(GONE, 'gone'));
        return;
      }
      this.pending.set(id, { resolve, reject });
      this.send({ jsonrpc: '2.0', id, method, params });
    });
    answer.cancel = () => {
      if (this.pending.has(id)) this.send({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } });
    };
    return answer;
  }

  send(message) {
    if (this.isOpen) this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  receive(text) {
    const lines = text.split('\n');
    this.parts.push(lines[0]);
    for (let index = 1; index < lines.length; index++) {
      const line = this.parts.join('');
      this.parts = [lines[index]];
      this.dispatch(line);
    }
  }

  dispatch(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      message = null;
    }
    if (message === null || typeof message !== 'object') {
      this.close('what answers on the socket does not speak JSON-RPC; is it fixlipd?', 'protocol');
    } else if (message.method === '$/progress') {
      this.progress.get(message.params?.token)?.(message.params.value);
    } else if (message.id === null && message.error) {
      this.close(message.error.message, message.error.code);
    } else if (this.pending.has(message.id)) {
      const { resolve, reject } = this.pending.get(message.id);
      this.pending.delete(message.id);
      if (message.error) reject(new FixlipError(message.error.message, message.error.code));
      else resolve(message.result);
    }
  }

  /** Ends the connection; requests without an answer fail. */
  close(reason = GONE, code = 'gone') {
    if (!this.isOpen) return;
    this.isOpen = false;
    // At its input's end alone it would wait for the replies that nobody wants any more.
    this.child.kill();
    const pending = [...this.pending.values()];
    this.pending.clear();
    this.progress.clear();
    for (const { reject } of pending) reject(new FixlipError(reason, code));
  }
}

module.exports = { Connection, FixlipError, GONE };
