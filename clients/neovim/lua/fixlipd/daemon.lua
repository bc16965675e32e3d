-- The connection that all commands share: found, started if allowed, greeted.
local config = require("fixlipd.config")
local connections = require("fixlipd.connection")
local uv = vim.uv or vim.loop

local M = {}
M.PROTOCOL = 1
-- How long a daemon may take to greet, in milliseconds.
M.patience = 10000

local SILENCE = "the daemon does not answer; end it with 'fixlipd stop' and run the command again"
local current, waiting

--- What stands in the way of using a socket, or nil.
local function refusal(path)
  if #path > 107 then
    return ("the socket path is longer than 107 bytes: %s"):format(path)
  end
  local facts = uv.fs_stat(path)
  if facts and facts.uid ~= uv.getuid() and facts.uid ~= 0 then
    return ("%s belongs to another user; set another socket"):format(path)
  end
end

local function last_line(text)
  local last = ""
  for line in text:gmatch("[^\r\n]+") do
    last = line
  end
  return (last:gsub("^Error: ", ""))
end

--- Starts the daemon; returns once it answers.
local function start(path, done)
  local command = config.command()
  local errors, text = uv.new_pipe(false), {}
  local handle, failure
  handle, failure = uv.spawn(command, {
    args = { "call", "server/ping", "--socket", path }, stdio = { nil, nil, errors }, hide = true,
  }, vim.schedule_wrap(function(code)
    handle:close()
    errors:read_stop()
    errors:close()
    if code ~= 0 then
      local reason = last_line(table.concat(text))
      done(reason ~= "" and reason or ("'%s' ended with status %d"):format(command, code))
    else
      done(nil)
    end
  end))
  if not handle then
    errors:close()
    done(("no daemon runs, and '%s' cannot be started (%s); install fixlipd or set command"):format(
      command, tostring(failure):match("^(%u+)") == "ENOENT" and "not found" or tostring(failure)))
    return
  end
  errors:read_start(function(_, chunk)
    text[#text + 1] = chunk
  end)
end

--- Checks that both sides speak the same protocol.
--- @param gone fun(message: string) called instead of `done` if the daemon ended meanwhile
local function greet(connection, gone, done)
  vim.defer_fn(function()
    if not connection.server then
      connection:close(SILENCE)
    end
  end, M.patience)
  connection:request("initialize", {
    protocolVersion = M.PROTOCOL, clientInfo = { name = "neovim" },
  }, function(failure, result)
    local theirs = type(result) == "table" and result.protocolVersion or nil
    if not failure and theirs == M.PROTOCOL then
      connection.server = result
      done(nil, connection)
      return
    end
    local message
    if failure and failure.code == connections.GONE and failure.message ~= SILENCE then
      gone(failure.message)
      return
    elseif failure and failure.code == -32602 or theirs then
      message = ("the daemon speaks another protocol version%s; this plugin speaks %d: update the older of the two"):format(
        theirs and (" (%s)"):format(tostring(theirs)) or "", M.PROTOCOL)
    else
      message = failure and failure.message or "what answers on the socket is not fixlipd"
    end
    connection:close()
    done(message)
  end)
end

local function connect(path, may_start, done, again)
  local reason = refusal(path)
  if reason then
    done(reason)
    return
  end
  connections.open(path, function(failure, connection)
    if connection then
      -- A daemon that is ending still takes connections for a moment.
      greet(connection, again and done or function()
        connect(path, may_start, done, true)
      end, done)
      return
    end
    local absent = failure:match("^ENOENT") or failure:match("^ECONNREFUSED")
    if not absent then
      done(("cannot connect to %s: %s"):format(path, failure))
    elseif not may_start then
      done(("no daemon runs on %s; start one with 'fixlipd serve'"):format(path))
    else
      start(path, function(start_failure)
        if start_failure then
          done(start_failure)
        else
          connect(path, false, done, again)
        end
      end)
    end
  end)
end

--- The connection to the daemon, made if there is none.
--- @param callback fun(message: string|nil, connection: table|nil)
function M.acquire(callback)
  local path = config.socket()
  if current and current.open and current.path == path then
    callback(nil, current)
    return
  end
  if waiting then
    table.insert(waiting, callback)
    return
  end
  waiting = { callback }
  connect(path, config.options.autostart, function(message, connection)
    if connection then
      connection.path = path
      current = connection
    end
    local callbacks = waiting
    waiting = nil
    for _, each in ipairs(callbacks) do
      each(message, connection)
    end
  end)
end

--- Ends the shared connection.
function M.disconnect()
  if current then
    current:close()
  end
  current = nil
end

return M
