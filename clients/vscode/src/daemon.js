'use strict';
// The connection that everything shares: opened and greeted.
const { Connection, FixlipError } = require('./connection');

const PROTOCOL = 1;

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
    const { socket, command, autostart } = this.settings();
    const program = command || process.env.FIXLIPD || 'fixlipd';
    const target = `${program} ${socket}`;
    if (this.current?.isOpen && this.current.target === target) return Promise.resolve(this.current);
    // The program finds the socket, checks whose it is, and starts a daemon if none runs and one may be started.
    const parameters = ['connect', ...(socket ? ['--socket', socket] : []), ...(mayStart && autostart ? [] : ['--no-spawn'])];
    const key = [program, ...parameters].join(' ');
    if (!this.opening.has(key)) {
      const opening = this.open(program, parameters, target).finally(() => this.opening.delete(key));
      this.opening.set(key, opening);
    }
    return this.opening.get(key);
  }

  async open(program, parameters, target) {
    for (let attempt = 1; ; attempt++) {
      let connection;
      try {
        connection = await Connection.open(program, parameters);
      } catch (failure) {
        const reason = failure.code === 'ENOENT' ? 'not found' : failure.code;
        throw new FixlipError(`'${program}' cannot be started (${reason}); install fixlipd or set fixlip.command`);
      }
      try {
        await this.greet(connection);
      } catch (failure) {
        connection.close();
        // A daemon that is ending still takes connections for a moment.
        if (failure.code === 'gone' && attempt === 1) continue;
        throw failure;
      }
      connection.target = target;
      this.current = connection;
      return connection;
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

module.exports = { Daemon, PROTOCOL };
