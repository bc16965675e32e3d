'use strict';
// The connection that everything shares: found, started if allowed, greeted.
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Connection, FixlipError } = require('./connection');

const PROTOCOL = 1;

function socketPath(setting, environment = process.env) {
  if (setting) return setting;
  if (environment.FIXLIPD_SOCKET) return environment.FIXLIPD_SOCKET;
  if (environment.XDG_RUNTIME_DIR) return path.join(environment.XDG_RUNTIME_DIR, 'fixlipd', 'fixlipd.sock');
  return `/tmp/fixlipd-${process.getuid()}/fixlipd.sock`;
}

/** Refuses a socket that is too long or another user's. */
function checkSocket(socket) {
  if (Buffer.byteLength(socket) > 107) throw new FixlipError(`the socket path is longer than 107 bytes: ${socket}`);
  let owner;
  try {
    owner = fs.statSync(socket).uid;
  } catch {
    return;
  }
  if (owner !== process.getuid() && owner !== 0) {
    throw new FixlipError(`${socket} belongs to another user; set fixlip.socket`);
  }
}

/** Starts a daemon; returns once it answers. */
function start(command, socket) {
  return new Promise((resolve, reject) => {
    execFile(command, ['call', 'server/ping', '--socket', socket], (failure, _output, errors) => {
      if (!failure) {
        resolve();
      } else if (typeof failure.code === 'string') {
        const reason = failure.code === 'ENOENT' ? 'not found' : failure.code;
        reject(new FixlipError(
          `no daemon runs, and '${command}' cannot be started (${reason}); install fixlipd or set fixlip.command`));
      } else {
        const line = errors.trim().split('\n').pop().replace(/^Error: /, '');
        reject(new FixlipError(line || `'${command}' ended with status ${failure.code}`));
      }
    });
  });
}

class Daemon {
  /**
   * @param {() => {socket: string, command: string, autostart: boolean}} settings read at every connection
   * @param {number} patience how long a daemon may take to greet, in milliseconds
   */
  constructor(settings, patience = 10000) {
    this.settings = settings;
    this.patience = patience;
    this.current = null;
    this.opening = new Map(); // promises by socket and permission to start
  }

  /**
   * The shared connection, made if there is none.
   * @param {{mayStart?: boolean}} options whether a daemon may be started if the settings allow it
   * @returns {Promise<Connection>} rejects with a `FixlipError` that says what to do
   */
  connect({ mayStart = true } = {}) {
    const { socket: setting, command, autostart } = this.settings();
    const socket = socketPath(setting);
    if (this.current?.isOpen && this.current.path === socket) return Promise.resolve(this.current);
    const allowed = mayStart && autostart;
    const key = `${allowed} ${socket}`;
    if (!this.opening.has(key)) {
      const program = command || process.env.FIXLIPD || 'fixlipd';
      const opening = this.open(socket, program, allowed).finally(() => this.opening.delete(key));
      this.opening.set(key, opening);
    }
    return this.opening.get(key);
  }

  async open(socket, program, mayStart) {
    checkSocket(socket);
    for (let attempt = 1; ; attempt++) {
      const connection = await this.dial(socket, program, mayStart);
      try {
        await this.greet(connection);
      } catch (failure) {
        connection.close();
        // A daemon that is ending still takes connections for a moment.
        if (failure.code === 'gone' && attempt === 1) continue;
        throw failure;
      }
      connection.path = socket;
      this.current = connection;
      return connection;
    }
  }

  async dial(socket, program, mayStart) {
    const isAbsent = (failure) => failure.code === 'ENOENT' || failure.code === 'ECONNREFUSED';
    const named = (failure) => new FixlipError(
      isAbsent(failure) ? `no daemon runs on ${socket}; start one with 'fixlipd serve'` : `cannot connect to ${socket}: ${failure.code}`,
      isAbsent(failure) ? 'absent' : undefined);
    try {
      return await Connection.open(socket);
    } catch (failure) {
      if (!isAbsent(failure) || !mayStart) throw named(failure);
    }
    await start(program, socket);
    try {
      return await Connection.open(socket);
    } catch (failure) {
      throw named(failure);
    }
  }

  /** Checks that both sides speak the same protocol. */
  async greet(connection) {
    const other = (theirs) => new FixlipError(
      `the daemon speaks another protocol version${theirs === undefined ? '' : ` (${theirs})`}; `
      + `this extension speaks ${PROTOCOL}: update the older of the two`);
    const silence = setTimeout(() => {
      connection.close("the daemon does not answer; end it with 'fixlipd stop' and run the command again", 'silent');
    }, this.patience);
    let result;
    try {
      result = await connection.request('initialize', { protocolVersion: PROTOCOL, clientInfo: { name: 'vscode' } });
    } catch (failure) {
      if (failure.code === -32602) throw other();
      throw failure;
    } finally {
      clearTimeout(silence);
    }
    if (result?.protocolVersion === undefined) throw new FixlipError('what answers on the socket is not fixlipd');
    if (result.protocolVersion !== PROTOCOL) throw other(result.protocolVersion);
  }

  dispose() {
    this.current?.close();
    this.current = null;
  }
}

module.exports = { Daemon, PROTOCOL, socketPath };
