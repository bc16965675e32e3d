'use strict';
// Captions of a document, as the daemon finds them, and where their words stand.
const fs = require('node:fs');
const path = require('node:path');
const { FixlipError } = require('./connection');

/** The languages whose captions the daemon finds, in VS Code's names. */
const LANGUAGES = [
  'markdown', 'mdx', 'quarto', 'rmd', 'html', 'vue', 'svelte', 'astro', 'handlebars', 'javascriptreact', 'typescriptreact',
  'latex', 'tex', 'restructuredtext', 'org',
];

/** @returns {Promise<object[]>} captions with ranges in UTF-16 positions */
async function findCaptions(connection, document) {
  const text = document.getText().toWellFormed?.() ?? document.getText();
  const params = { languageId: document.languageId, text, positionEncoding: 'utf-16' };
  if (document.uri.scheme === 'file') params.path = document.uri.fsPath;
  try {
    return await connection.request('document/captions', params);
  } catch (failure) {
    if (failure.code === -32602 && failure.message.includes('languageId')) {
      throw new FixlipError(`captions are not read in ${document.languageId} files`, failure.code);
    }
    throw failure;
  }
}

function isBefore(a, b) {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}

function contains(range, position) {
  return !isBefore(position, range.start) && isBefore(position, range.end);
}

/** The caption at a position: the one around it, else the only one on its line. */
function captionAt(captions, position) {
  const around = captions.find((each) => contains(each.range, position) || contains(each.captionRange, position));
  if (around) return around;
  const near = captions.filter((each) => [each.range, each.captionRange].some(
    (range) => range.start.line <= position.line && position.line <= range.end.line));
  return near.length === 1 ? near[0] : undefined;
}

/** Where each Unicode scalar of a text begins, and where the text ends, if it begins at `start`; an end of line counts as one. */
function scalarPositions(text, start) {
  let { line, character } = start;
  const positions = [];
  for (const scalar of text.replaceAll('\r\n', '\n')) {
    positions.push({ line, character });
    if (scalar === '\n') {
      line += 1;
      character = 0;
    } else {
      character += scalar.length;
    }
  }
  positions.push({ line, character });
  return positions;
}

/**
 * Where a stretch of the caption (offsets in Unicode scalars) stands in the document, one range for each run.
 * @param {(range: object) => string} textOf the document's text in a range
 */
function rangesOf(caption, first, last, textOf) {
  const ranges = [];
  for (const run of caption.runs) {
    const from = Math.max(first, run.start);
    const to = Math.min(last, run.end);
    if (from >= to) continue;
    const positions = scalarPositions(textOf(run.range), run.range.start);
    // With equally many scalars they are the same ones; otherwise the whole run stands for the whole source.
    if (positions.length - 1 === run.end - run.start) {
      ranges.push({ start: positions[from - run.start], end: positions[to - run.start] });
    } else {
      ranges.push(run.range);
    }
  }
  return ranges;
}

/** The image as the daemon should read it: LaTeX leaves extensions out. */
function imageOf(caption) {
  const image = caption.image;
  if (image.startsWith('data:') || path.extname(image) || fs.existsSync(image)) return image;
  return ['.png', '.jpg', '.jpeg', '.webp'].map((extension) => image + extension).find((each) => fs.existsSync(each)) ?? image;
}

/** A message about an image with the file's name instead of its path. */
function shortMessage(message, image) {
  return image.startsWith('data:') ? message : message.replaceAll(image, path.basename(image));
}

/** Tells a caption from another one, wherever it stands. */
function keyOf(caption) {
  return JSON.stringify([caption.image, caption.caption]);
}

module.exports = { LANGUAGES, captionAt, findCaptions, imageOf, keyOf, rangesOf, shortMessage };
