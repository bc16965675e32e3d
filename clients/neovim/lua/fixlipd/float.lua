-- The float under the cursor: the words' weights and the strongest word–patch pairs.
local M = {}
local api = vim.api
local namespace = api.nvim_create_namespace("fixlipd.float")

local window, scratch, group

local function signed(value)
  local text = ("%.2f"):format(value)
  if tonumber(text) == 0 then
    return "0.00"
  end
  return value > 0 and "+" .. text or text
end

local function cut(text, width)
  if vim.fn.strdisplaywidth(text) <= width then
    return text
  end
  return vim.fn.strcharpart(text, 0, width - 1) .. "…"
end

local function padded(text, width)
  return text .. (" "):rep(math.max(0, width - vim.fn.strdisplaywidth(text)))
end

local bars = { [0] = "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" }

local function bar(share, width)
  local eighths = math.floor(math.max(0, math.min(1, share)) * width * 8 + 0.5)
  return ("█"):rep(math.floor(eighths / 8)) .. bars[eighths % 8]
end

--- What a state of a refinement looks like.
--- @return string[] lines
--- @return table[] of {line, first, last, group}: zero-based line, bytes
function M.lines(state)
  if state.phase == "failed" then
    return { state.message }, { { 0, 0, #state.message, "FixlipError" } }
  end
  local lines, shades = {}, {}
  local summary = state.cosine and ("similarity %.3f"):format(state.cosine) or "opening …"
  if state.masks then
    summary = summary .. (state.phase == "done" and "   %d masks" or "   %d of %d masks"):format(state.masks, state.budget)
  end
  if state.fit then
    summary = summary .. ("   R² %.2f"):format(state.fit)
  end
  lines[1] = summary
  if state.truncated then
    lines[#lines + 1] = "the caption is longer than the model reads; its end is left out"
  end
  if not state.words then
    return lines, shades
  end
  local colors = require("fixlipd.colors")
  local largest, line, width = 0, "", 56
  for _, word in ipairs(state.words) do
    largest = math.max(largest, math.abs(word.value))
  end
  for _, word in ipairs(state.words) do
    local piece = ("%s %s"):format(cut(word.text, 24), signed(word.value))
    if line ~= "" and vim.fn.strdisplaywidth(line .. "  " .. piece) > width then
      lines[#lines + 1] = line
      line = ""
    end
    line = line == "" and piece or line .. "  " .. piece
    local shade = colors.group(word.value, largest)
    if shade then
      shades[#shades + 1] = { #lines, #line - #piece, #line - #piece + #cut(word.text, 24), shade }
    end
  end
  lines[#lines + 1] = line
  lines[#lines + 1] = ""
  local word_width = 4
  for _, pair in ipairs(state.pairs) do
    word_width = math.max(word_width, math.min(20, vim.fn.strdisplaywidth(pair.word)))
  end
  local strongest = state.pairs[1] and math.abs(state.pairs[1].value) or 0
  for _, pair in ipairs(state.pairs) do
    local text = ("%s  row %2d, column %2d  %6s  "):format(
      padded(cut(pair.word, word_width), word_width), pair.row, pair.column, signed(pair.value))
    local drawn = strongest > 0 and bar(math.abs(pair.value) / strongest, 12) or ""
    shades[#shades + 1] = { #lines, #text, #text + #drawn, pair.value < 0 and "FixlipBarNegative" or "FixlipBarPositive" }
    lines[#lines + 1] = text .. drawn
  end
  return lines, shades
end

local function size(lines)
  local width = 20
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line))
  end
  return math.max(1, math.min(width, vim.o.columns - 4)), math.max(1, math.min(#lines, vim.o.lines - 4))
end

function M.close()
  if group then
    pcall(api.nvim_del_augroup_by_id, group)
    group = nil
  end
  if window and api.nvim_win_is_valid(window) then
    pcall(api.nvim_win_close, window, true)
  end
  window = nil
end

--- Closes the float when the cursor leaves the rows, the text changes or the buffer is left.
local function watch(buffer, first, last)
  group = api.nvim_create_augroup("fixlipd.float", { clear = true })
  api.nvim_create_autocmd("CursorMoved", {
    group = group, buffer = buffer,
    callback = function()
      local row = api.nvim_win_get_cursor(0)[1] - 1
      if row < first or row > last then
        M.close()
      end
    end,
  })
  api.nvim_create_autocmd({ "BufLeave", "InsertEnter", "TextChanged" }, { group = group, buffer = buffer, callback = M.close })
end

--- Opens the float for a caption on zero-based rows of a buffer that the current window shows.
function M.open(buffer, first, last, state)
  M.close()
  if not scratch or not api.nvim_buf_is_valid(scratch) then
    scratch = api.nvim_create_buf(false, true)
    vim.bo[scratch].bufhidden = "hide"
  end
  local lines = M.lines(state)
  local width, height = size(lines)
  local options = {
    relative = "cursor", row = 1, col = 0, width = width, height = height, style = "minimal", border = "rounded", focusable = false,
  }
  if vim.fn.has("nvim-0.9") == 1 then
    options.title = " why they match "
  end
  window = api.nvim_open_win(scratch, false, options)
  watch(buffer, first, last)
  M.update(state)
end

--- Shows a later state, if the float is still open.
function M.update(state)
  if not window or not api.nvim_win_is_valid(window) then
    return
  end
  local lines, shades = M.lines(state)
  api.nvim_buf_set_lines(scratch, 0, -1, true, lines)
  api.nvim_buf_clear_namespace(scratch, namespace, 0, -1)
  for _, shade in ipairs(shades) do
    api.nvim_buf_set_extmark(scratch, namespace, shade[1], shade[2], { end_col = shade[3], hl_group = shade[4] })
  end
  local width, height = size(lines)
  api.nvim_win_set_width(window, width)
  api.nvim_win_set_height(window, height)
end

--- The float's lines, or nil where none is open.
function M.text()
  if window and api.nvim_win_is_valid(window) then
    return api.nvim_buf_get_lines(scratch, 0, -1, true)
  end
end

return M
