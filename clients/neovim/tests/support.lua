-- What the tests share: buffers, waiting, messages, stand-in daemons.
local M = {}
local uv = vim.loop

M.root = vim.fn.fnamemodify(vim.env.FIXLIP_TEST_CASES, ":p:h:h:h:h")
M.scenes = M.root .. "/models/demo/scenes"
M.messages = {}

vim.notify = function(message)
  table.insert(M.messages, message)
end

--- Fails with a message if the condition is not met within a generous time.
function M.await(what, condition, seconds)
  if not vim.wait((seconds or 60) * 1000, condition, 5) then
    error("waited in vain: " .. what .. "; messages: " .. vim.inspect(M.messages), 2)
  end
end

function M.equal(a, b, what)
  if not vim.deep_equal(a, b) then
    error(("%s%s is not %s"):format(what and what .. ": " or "", vim.inspect(a), vim.inspect(b)), 2)
  end
end

function M.contains(text, part)
  if type(text) ~= "string" or not text:find(part, 1, true) then
    error(("%s does not contain '%s'"):format(vim.inspect(text), part), 2)
  end
end

--- Default options with small budgets, no messages, nothing shown.
function M.fresh(options)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) then
      require("fixlipd").clear(buffer)
    end
  end
  vim.cmd("silent! %bwipeout!")
  M.messages = {}
  require("fixlipd").setup(vim.tbl_extend("force", { budget = 64, score_budget = 64, model = "demo" }, options or {}))
end

--- A document in the current window.
function M.edit(filetype, lines, cursor)
  vim.cmd("enew!")
  vim.api.nvim_buf_set_lines(0, 0, -1, true, type(lines) == "string" and vim.split(lines, "\n") or lines)
  vim.bo.filetype = filetype
  if cursor then
    vim.api.nvim_win_set_cursor(0, cursor)
  end
  return vim.api.nvim_get_current_buf()
end

--- The notes at the ends of lines, by one-based row.
function M.notes(buffer)
  local notes = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buffer or 0, require("fixlipd.marks").namespace, 0, -1, { details = true })) do
    if mark[4].virt_text then
      notes[mark[2] + 1] = mark[4].virt_text[1][1]
    end
  end
  return notes
end

--- The shaded pieces of the buffer: {text, group} in order.
function M.shaded(buffer)
  local pieces = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buffer or 0, require("fixlipd.marks").namespace, 0, -1, { details = true })) do
    local details = mark[4]
    if details.hl_group then
      local text = vim.api.nvim_buf_get_text(buffer or 0, mark[2], mark[3], details.end_row, details.end_col, {})
      table.insert(pieces, { table.concat(text, "\n"), details.hl_group })
    end
  end
  return pieces
end

--- A score without "…" behind it.
function M.is_done(note)
  return note ~= nil and note:match("^similarity %-?%d%.%d%d$") ~= nil
end

--- A server that answers every line with what `answer(request)` returns (a table, or a raw string).
function M.stand_in(answer)
  local path = ("%s/stand-in-%d.sock"):format(vim.env.FIXLIP_TEST_FOLDER, uv.hrtime() % 1000000)
  local server = uv.new_pipe(false)
  assert(server:bind(path))
  server:listen(8, function()
    local client = uv.new_pipe(false)
    server:accept(client)
    client:read_start(function(_, chunk)
      for line in (chunk or ""):gmatch("[^\n]+") do
        local reply = answer(vim.json.decode(line))
        if reply then
          client:write((type(reply) == "string" and reply or vim.json.encode(reply)) .. "\n")
        end
      end
    end)
  end)
  return path, function()
    server:close()
  end
end

--- One answer of the daemon, awaited.
function M.call(method, params)
  local done, failure, result = false, nil, nil
  require("fixlipd.daemon").acquire(function(message, connection)
    assert(not message, message)
    connection:request(method, params or vim.empty_dict(), function(a, b)
      done, failure, result = true, a, b
    end)
  end)
  M.await(method, function() return done end)
  assert(not failure, failure and failure.message)
  return result
end

return M
