-- One connection to the daemon, through `fixlipd connect`: JSON-RPC 2.0, one message a line.
local uv = vim.uv or vim.loop

local M = {}
local Connection = {}
Connection.__index = Connection

M.GONE = -1
M.WENT_AWAY = "the daemon went away; run the command again to reconnect"

local function last_line(text)
  local last = ""
  for line in text:gmatch("[^\r\n]+") do
    last = line
  end
  return (last:gsub("^Error: ", ""))
end

--- Starts a program that speaks for the daemon on its standard input and output.
--- @param command string
--- @param arguments string[]
--- @return table|nil connection, string|nil reason libuv's, such as "ENOENT: no such file or directory"
function M.open(command, arguments)
  local input, output, errors = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local self = setmetatable({ input = input, output = output, pending = {}, progress = {}, next_id = 0, parts = {}, open = true }, Connection)
  local text, ended = {}, { code = nil, silent = false }
  -- The reason is whole once the process has ended and its standard error with it.
  local function close()
    if ended.code and ended.silent then
      local reason = last_line(table.concat(text))
      self:close(reason ~= "" and reason or nil)
    end
  end
  local failure
  self.process, failure = uv.spawn(command, { args = arguments, stdio = { input, output, errors }, hide = true }, vim.schedule_wrap(function(code)
    self.process:close()
    ended.code = code
    close()
  end))
  if not self.process then
    for _, pipe in ipairs({ input, output, errors }) do
      pipe:close()
    end
    return nil, tostring(failure)
  end
  errors:read_start(vim.schedule_wrap(function(_, chunk)
    text[#text + 1] = chunk
    if not chunk then
      errors:close()
      ended.silent = true
      close()
    end
  end))
  output:read_start(function(_, chunk)
    if chunk then
      self:receive(chunk)
    end
  end)
  return self
end

--- Sends a request.
--- @param callback fun(failure: {code: integer, message: string}|nil, result: any) called once, from the main loop
--- @return integer id
function Connection:request(method, params, callback)
  self.next_id = self.next_id + 1
  local id = self.next_id
  if not self.open then
    vim.schedule(function()
      callback({ code = M.GONE, message = "the daemon is gone; run the command again to reconnect" })
    end)
    return id
  end
  self.pending[id] = callback
  self:send({ jsonrpc = "2.0", id = id, method = method, params = params })
  return id
end

function Connection:notify(method, params)
  if self.open then
    self:send({ jsonrpc = "2.0", method = method, params = params })
  end
end

function Connection:send(message)
  self.input:write(vim.json.encode(message) .. "\n")
end

--- Splits what arrives into lines; called outside the main loop.
function Connection:receive(chunk)
  local start = 1
  while true do
    local newline = chunk:find("\n", start, true)
    if not newline then
      break
    end
    self.parts[#self.parts + 1] = chunk:sub(start, newline - 1)
    local line = table.concat(self.parts)
    self.parts = {}
    start = newline + 1
    vim.schedule(function()
      self:dispatch(line)
    end)
  end
  if start <= #chunk then
    self.parts[#self.parts + 1] = chunk:sub(start)
  end
end

function Connection:dispatch(line)
  local fine, message = pcall(vim.json.decode, line, { luanil = { object = true, array = true } })
  if not fine or type(message) ~= "table" then
    self:close("what answers on the socket does not speak JSON-RPC; is it fixlipd?")
    return
  end
  if message.method == "$/progress" then
    local listener = message.params and self.progress[message.params.token]
    if listener then
      listener(message.params.value)
    end
  elseif message.id == nil and message.error then
    self:close(message.error.message)
  elseif message.id ~= nil and not message.method then
    local callback = self.pending[message.id]
    self.pending[message.id] = nil
    if callback then
      callback(message.error, message.result)
    end
  end
end

--- Ends the connection; requests without an answer fail.
function Connection:close(reason)
  if not self.open then
    return
  end
  self.open = false
  self.output:read_stop()
  self.output:close()
  self.input:close()
  -- At its input's end alone it would wait for the replies that nobody wants any more.
  if self.process:is_active() then
    self.process:kill("sigterm")
  end
  local pending = self.pending
  self.pending, self.progress = {}, {}
  for _, callback in pairs(pending) do
    callback({ code = M.GONE, message = reason or M.WENT_AWAY })
  end
end

return M
