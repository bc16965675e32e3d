'use strict';
// One caption's explanation: opened, refined with progress, closed.
const { FixlipError } = require('./connection');
const { imageOf, shortMessage } = require('./captions');

let tokens = 0;

/** Words and word–patch pairs, strongest first, of an estimate. */
function readValues(players, values) {
  const { count, columns } = players.image;
  const words = players.text.map((player, index) => ({
    text: player.token, start: player.start, end: player.end, value: values.firstOrderReading[count + index],
  }));
  const pairs = [];
  players.text.forEach((player, index) => {
    for (let patch = 0; patch < count; patch++) {
      pairs.push({
        word: index, text: player.token, row: Math.floor(patch / columns) + 1, column: (patch % columns) + 1,
        value: values.pairs.data[index * count + patch],
      });
    }
  });
  pairs.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  return { words, pairs };
}

class Explanation {
  /**
   * @param {object} caption from `document/captions`
   * @param {{model: string, budget: number, render: boolean}} options `render` also draws the page at every estimate
   * @param {(state: object) => void} update called whenever there is something to show. The state: phase ("opening", "refining",
   *   "done", "failed", "cancelled"), message, gone, cosine, truncated, masks, budget, fit, words, pairs, page.
   */
  constructor(connection, caption, options, update) {
    this.connection = connection;
    this.caption = caption;
    this.options = options;
    this.update = update;
    this.token = `vscode-${process.pid}-${++tokens}`;
    this.state = { phase: 'opening', budget: options.budget };
    this.drawing = null;
  }

  /** Runs to the end; never rejects. */
  async run() {
    const image = imageOf(this.caption);
    this.update(this.state);
    try {
      await this.open(image);
      await this.refine();
      await this.finalPage();
      this.set({ phase: this.cancelled ? 'cancelled' : 'done' });
    } catch (failure) {
      if (this.cancelled) this.set({ phase: 'cancelled' });
      else this.set({ phase: 'failed', message: shortMessage(failure.message, image), gone: failure.code === 'gone' });
    } finally {
      this.connection.progress.delete(this.token);
      if (this.id) this.connection.request('explanation/close', { explanation: this.id }).catch(() => {});
    }
    return this.state;
  }

  async open(image) {
    const params = { image, text: this.caption.caption, players: { text: 'words' } };
    if (this.options.model) params.model = this.options.model;
    const opened = await this.connection.request('explanation/open', params);
    this.id = opened.explanation;
    this.players = opened.players;
    if (this.players.text.length === 0) throw new FixlipError('the caption has no words');
    if (this.cancelled) throw new FixlipError('cancelled');
    this.set({ phase: 'refining', cosine: opened.cosine, truncated: opened.truncated });
  }

  async refine() {
    this.connection.progress.set(this.token, (value) => {
      if (value.kind !== 'end') this.take(value);
    });
    this.refining = this.connection.request('explanation/refine', {
      explanation: this.id, budget: { imageMasks: this.options.budget }, progressToken: this.token, values: { pairs: 'crossModal' },
    });
    this.take(await this.refining);
  }

  take({ values, imageMasks, looR2 }) {
    if (this.cancelled) return;
    const change = { masks: imageMasks };
    if (looR2 !== undefined && looR2 !== null) change.fit = looR2;
    if (values) Object.assign(change, readValues(this.players, values));
    this.set(change);
    if (values && this.options.render) this.draw();
  }

  /** Draws the page of the current estimate, one at a time. */
  draw() {
    this.drawing ??= this.connection.request('explanation/render', { explanation: this.id, format: 'html' })
      .then(({ content }) => this.cancelled || this.set({ page: content }), () => {})
      .finally(() => { this.drawing = null; });
    return this.drawing;
  }

  async finalPage() {
    if (!this.options.render || this.cancelled) return;
    await this.drawing;
    const { content } = await this.connection.request('explanation/render', { explanation: this.id, format: 'html' });
    this.set({ page: content });
  }

  set(change) {
    Object.assign(this.state, change);
    this.update(this.state);
  }

  cancel() {
    this.cancelled = true;
    this.refining?.cancel();
  }
}

module.exports = { Explanation, readValues };
