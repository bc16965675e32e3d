'use strict';
// What is known about the captions of each document. A result belongs to an image and a caption, not to a place, so that it
// moves with the text and goes when either is edited.
const { captionAt, findCaptions, keyOf } = require('./captions');
const { Explanation } = require('./explanation');

class Results {
  /**
   * @param {import('./daemon').Daemon} daemon
   * @param {(document: object, phase?: string) => void} changed called when something about a document's captions changed; with the
   *   phase if it was an explanation
   */
  constructor(daemon, changed) {
    this.daemon = daemon;
    this.changed = changed;
    this.documents = new Map(); // by URI: {entries: Map(key → {state, job}), found: {version, captions}, run}
  }

  of(document) {
    const uri = document.uri.toString();
    if (!this.documents.has(uri)) this.documents.set(uri, { entries: new Map(), found: null, run: null });
    return this.documents.get(uri);
  }

  /** Whether something is shown for a document. */
  has(document) {
    return (this.documents.get(document.uri.toString())?.entries.size ?? 0) > 0;
  }

  /**
   * The captions of the document as it is. Results of captions that are gone go too.
   * @param {{mayStart?: boolean}} options as for `Daemon.connect`
   */
  async captions(document, options) {
    const known = this.of(document);
    while (known.found?.version !== document.version) {
      const connection = await this.daemon.connect(options);
      const version = document.version;
      const captions = await findCaptions(connection, document);
      if (version !== document.version) continue;
      known.found = { version, captions };
      const keys = new Set(captions.map(keyOf));
      for (const [key, { job }] of known.entries) {
        if (keys.has(key)) continue;
        job.cancel();
        known.entries.delete(key);
      }
    }
    return known.found.captions;
  }

  /** Captions with results: `{caption, state}`; undefined while the document's captions are not known. */
  shown(document) {
    const { entries, found } = this.of(document);
    if (entries.size === 0) return [];
    if (found?.version !== document.version) return undefined;
    return found.captions.filter((caption) => entries.has(keyOf(caption)))
      .map((caption) => ({ caption, state: entries.get(keyOf(caption)).state }));
  }

  /** The caption at a position of a document whose captions are known, and its state if it has one. */
  at(document, position) {
    const { entries, found } = this.of(document);
    if (found?.version !== document.version) return undefined;
    const caption = captionAt(found.captions, position);
    return caption && { caption, state: entries.get(keyOf(caption))?.state };
  }

  /** Explains one caption; resolves to the last state. `watch(state)` sees every state. */
  async explain(document, caption, options, watch = () => {}) {
    const connection = await this.daemon.connect();
    const { entries } = this.of(document);
    const key = keyOf(caption);
    entries.get(key)?.job.cancel();
    const entry = {};
    entry.job = new Explanation(connection, caption, options, (state) => {
      if (entries.get(key) !== entry) return;
      entry.state = { ...state };
      watch(entry.state);
      this.changed(document, state.phase);
    });
    entry.state = entry.job.state;
    entries.set(key, entry);
    return entry.job.run();
  }

  /** Explains all captions one after the other. Stops when the daemon is gone, with its message. */
  async explainAll(document, options) {
    const known = this.of(document);
    const run = {};
    known.run = run;
    const captions = await this.captions(document);
    const keys = new Set();
    for (const caption of captions) {
      const key = keyOf(caption);
      if (keys.has(key)) continue;
      keys.add(key);
      const current = await this.captions(document);
      if (known.run !== run) break;
      if (!current.some((each) => keyOf(each) === key)) continue;
      const state = await this.explain(document, caption, options);
      if (state.gone) return { count: captions.length, message: state.message };
    }
    return { count: captions.length };
  }

  clear(document) {
    const known = this.of(document);
    known.run = null;
    for (const { job } of known.entries.values()) job.cancel();
    known.entries.clear();
    this.changed(document);
  }

  close(document) {
    this.clear(document);
    this.documents.delete(document.uri.toString());
  }
}

module.exports = { Results };
