-- One connection to the daemon's socket: JSON-RPC 2.0, one message a line.
local uv = vim.uv or vim.loop

local M = {}
local Connection = {}
Connection.__index = Connection

M.GONE = -1

--- Connects to a socket.
--- @param path string
--- @param ready fun(reason: string|nil, connection: table|nil) `reason` is libuv's, such as "ENOENT: no such file or directory"
function M.open(path, ready)
  local pipe = uv.new_pipe(false)
  local self = setmetatable({ pipe = pipe, pending = {}, progress = {}, next_id = 0, parts = {}, open = false }, Connection)
  pipe:connect(path, vim.schedule_wrap(function(failure)
    if failure then
      pipe:close()
      ready(failure)
      return
    end
    self.open = true
    pipe:read_start(function(read_failure, chunk)
      if read_failure or not chunk then
        vim.schedule(function()
          self:close()
        end)
      else
        self:receive(chunk)
      end
    end)
    ready(nil, self)
  end))
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
  self.pipe:write(vim.json.encode(message) .. "\n")
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
  self.pipe:read_stop()
  self.pipe:close()
  local pending = self.pending
  self.pending, self.progress = {}, {}
  for _, callback in pairs(pending) do
    callback({ code = M.GONE, message = reason or "the daemon went away; run the command again to reconnect" })
  end
end

return M
