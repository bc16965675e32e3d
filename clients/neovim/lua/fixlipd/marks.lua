-- What a caption shows in its buffer: shaded words, and a note at the end of its line.
local captions = require("fixlipd.captions")
local colors = require("fixlipd.colors")

local M = {}
local api = vim.api
local anchors = api.nvim_create_namespace("fixlipd.anchors")
M.namespace = api.nvim_create_namespace("fixlipd")

local entries = {} -- by buffer, lists of {buffer, caption, anchor, text, marks, dropped}

local function position(entry)
  local found = api.nvim_buf_get_extmark_by_id(entry.buffer, anchors, entry.anchor, { details = true })
  if not found[1] or not found[3].end_row then
    return nil
  end
  return { line = found[1], character = found[2], end_line = found[3].end_row, end_character = found[3].end_col }
end

local function text_at(entry, at)
  local fine, lines = pcall(
    api.nvim_buf_get_text, entry.buffer, at.line, at.character, at.end_line, at.end_character, {})
  return fine and table.concat(lines, "\n") or nil
end

--- Begins to show something for a caption; what was shown for it goes.
function M.add(buffer, caption)
  local range = caption.captionRange
  for _, other in ipairs(vim.list_slice(entries[buffer] or {})) do
    local at = position(other)
    if not at or at.line == range.start.line and at.character == range.start.character then
      M.drop(other)
    end
  end
  local entry = { buffer = buffer, caption = caption, marks = {} }
  entry.anchor = api.nvim_buf_set_extmark(buffer, anchors, range.start.line, range.start.character, {
    end_row = range["end"].line, end_col = range["end"].character, right_gravity = true, end_right_gravity = false,
  })
  entry.text = text_at(entry, position(entry))
  entries[buffer] = entries[buffer] or {}
  table.insert(entries[buffer], entry)
  return entry
end

local function unmark(entry)
  for _, id in ipairs(entry.marks) do
    api.nvim_buf_del_extmark(entry.buffer, M.namespace, id)
  end
  entry.marks = {}
end

--- Removes what is shown for a caption.
function M.drop(entry)
  if entry.dropped then
    return
  end
  entry.dropped = true
  if api.nvim_buf_is_valid(entry.buffer) then
    unmark(entry)
    api.nvim_buf_del_extmark(entry.buffer, anchors, entry.anchor)
  end
  for index, other in ipairs(entries[entry.buffer] or {}) do
    if other == entry then
      table.remove(entries[entry.buffer], index)
      break
    end
  end
  if entry.on_drop then
    entry.on_drop()
  end
end

--- Drops the captions of a buffer whose text is no longer the one that was looked at.
function M.check(buffer)
  for _, entry in ipairs(vim.list_slice(entries[buffer] or {})) do
    local at = position(entry)
    if not at or text_at(entry, at) ~= entry.text then
      M.drop(entry)
    end
  end
end

function M.clear(buffer)
  for _, entry in ipairs(vim.list_slice(entries[buffer] or {})) do
    M.drop(entry)
  end
  entries[buffer] = nil
end

--- Shows words in the strength of their weights and a note at the end of the line.
--- @param words table[] of {first, last, value}: offsets in Unicode scalars of the caption, and logits
--- @param note string
--- @param group string highlight group of the note
function M.draw(entry, words, note, group)
  if entry.dropped or not api.nvim_buf_is_valid(entry.buffer) then
    return
  end
  local at = position(entry)
  if not at or text_at(entry, at) ~= entry.text then
    M.drop(entry)
    return
  end
  unmark(entry)
  local origin = entry.caption.captionRange.start
  local largest = 0
  for _, word in ipairs(words) do
    largest = math.max(largest, math.abs(word.value))
  end
  local function mark(line, character, options)
    local fine, id = pcall(api.nvim_buf_set_extmark, entry.buffer, M.namespace, line, character, options)
    if fine then
      table.insert(entry.marks, id)
    end
  end
  local function moved(line, character)
    return line - origin.line + at.line, line == origin.line and character - origin.character + at.character or character
  end
  for _, word in ipairs(words) do
    local shade = colors.group(word.value, largest)
    for _, piece in ipairs(shade and captions.pieces(entry.caption, word.first, word.last) or {}) do
      local line, character = moved(piece[1], piece[2])
      local end_line, end_character = moved(piece[3], piece[4])
      mark(line, character, { end_row = end_line, end_col = end_character, hl_group = shade, priority = 4200 })
    end
  end
  mark(at.end_line, 0, { virt_text = { { note, group } }, virt_text_pos = "eol", hl_mode = "combine" })
end

return M
