-- Captions of a buffer, as the daemon finds them, and where their words stand.
local config = require("fixlipd.config")
local uv = vim.uv or vim.loop

local M = {}

--- The buffer's language in the protocol's names.
function M.language(buffer)
  local filetype = vim.bo[buffer].filetype
  return config.options.languages[filetype] or config.options.languages[filetype:match("^[^.]*")] or filetype:match("^[^.]*")
end

local second = { [0xE0] = { 0xA0, 0xBF }, [0xED] = { 0x80, 0x9F }, [0xF0] = { 0x90, 0xBF }, [0xF4] = { 0x80, 0x8F } }

--- The text with every byte that is not UTF-8 replaced by "?", so that columns stay.
function M.valid_utf8(text)
  return (text:gsub("[\128-\255]+", function(run)
    local out, index = {}, 1
    while index <= #run do
      local lead = run:byte(index)
      local length = lead >= 0xC2 and lead <= 0xDF and 2 or lead >= 0xE0 and lead <= 0xEF and 3
        or lead >= 0xF0 and lead <= 0xF4 and 4 or 0
      local valid = length > 0 and index + length - 1 <= #run
      for offset = 1, valid and length - 1 or 0 do
        local low, high = 0x80, 0xBF
        if offset == 1 and second[lead] then
          low, high = second[lead][1], second[lead][2]
        end
        local byte = run:byte(index + offset)
        valid = valid and byte >= low and byte <= high
      end
      out[#out + 1] = valid and run:sub(index, index + length - 1) or "?"
      index = index + (valid and length or 1)
    end
    return table.concat(out)
  end))
end

--- Asks for the buffer's captions, again if it changed meanwhile.
--- @param callback fun(message: string|nil, captions: table[]|nil)
function M.find(connection, buffer, callback)
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  local language = M.language(buffer)
  if language == "" then
    callback("the buffer has no file type; set one, such as :setfiletype markdown")
    return
  end
  local path = vim.api.nvim_buf_get_name(buffer)
  connection:request("document/captions", {
    languageId = language, positionEncoding = "utf-8", path = path ~= "" and path or nil,
    text = M.valid_utf8(table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), "\n") .. "\n"),
  }, function(failure, found)
    if not vim.api.nvim_buf_is_valid(buffer) then
      return
    elseif failure and failure.code == -32602 and failure.message:find("languageId", 1, true) then
      callback(("captions are not read in files of type '%s'"):format(language))
    elseif failure then
      callback(failure.message)
    elseif vim.api.nvim_buf_get_changedtick(buffer) ~= tick then
      M.find(connection, buffer, callback)
    else
      for _, caption in ipairs(found) do
        for _, run in ipairs(caption.runs) do
          local from, to = run.range.start, run.range["end"]
          run.source = table.concat(
            vim.api.nvim_buf_get_text(buffer, from.line, from.character, to.line, to.character, {}), "\n")
        end
      end
      callback(nil, found)
    end
  end)
end

local function before(line, character, position)
  return line < position.line or line == position.line and character < position.character
end

--- The rows of an image and its caption, zero-based, which in LaTeX stand apart.
function M.rows(caption)
  local a, b = caption.range, caption.captionRange
  return math.min(a.start.line, b.start.line), math.max(a["end"].line, b["end"].line)
end

--- The caption at a zero-based position: the one around it, else the only one on its line.
function M.at(captions, line, character)
  local on_line = {}
  for _, caption in ipairs(captions) do
    local touches = false
    for _, range in ipairs({ caption.range, caption.captionRange }) do
      if not before(line, character, range.start) and before(line, character, range["end"]) then
        return caption
      end
      touches = touches or range.start.line <= line and line <= range["end"].line
    end
    if touches then
      on_line[#on_line + 1] = caption
    end
  end
  return #on_line == 1 and on_line[1] or nil
end

--- Where each Unicode scalar of a text begins, and where the text ends: {line, character}, the text beginning at (line, character).
local function scalar_positions(text, line, character)
  local positions = {}
  for scalar in text:gmatch("[%z\1-\127\194-\244][\128-\191]*") do
    positions[#positions + 1] = { line, character }
    if scalar == "\n" then
      line, character = line + 1, 0
    else
      character = character + #scalar
    end
  end
  positions[#positions + 1] = { line, character }
  return positions
end

--- Where a stretch of the caption (offsets in Unicode scalars) stands in the document, one piece for each run.
--- @return table[] of {line, character, end_line, end_character}, zero-based, in bytes
function M.pieces(caption, first, last)
  local pieces = {}
  for _, run in ipairs(caption.runs) do
    local from, to = math.max(first, run.start), math.min(last, run["end"])
    if from < to then
      local positions = scalar_positions(run.source, run.range.start.line, run.range.start.character)
      -- With equally many scalars they are the same ones; otherwise the whole run stands for the whole source.
      local same = #positions - 1 == run["end"] - run.start
      local a = same and positions[from - run.start + 1] or positions[1]
      local b = same and positions[to - run.start + 1] or positions[#positions]
      pieces[#pieces + 1] = { a[1], a[2], b[1], b[2] }
    end
  end
  return pieces
end

--- The image as the daemon should read it: LaTeX leaves extensions out.
function M.image(caption)
  local image = caption.image
  if image:match("^data:") or image:match("%.%w+$") or uv.fs_stat(image) then
    return image
  end
  for _, extension in ipairs({ ".png", ".jpg", ".jpeg", ".webp" }) do
    if uv.fs_stat(image .. extension) then
      return image .. extension
    end
  end
  return image
end

--- A message of the daemon about an image, with the file's name instead of its path.
function M.short(message, image)
  local name = image:match("([^/]+)$") or image
  if image:match("^data:") then
    return message
  end
  return (message:gsub(vim.pesc(image), (name:gsub("%%", "%%%%"))))
end

return M
