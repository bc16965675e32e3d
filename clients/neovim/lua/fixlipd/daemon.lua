-- The connection that all commands share: opened and greeted.
local config = require("fixlipd.config")
local connections = require("fixlipd.connection")

local M = {}
M.PROTOCOL = 1
-- How long a daemon may take to greet, in milliseconds.
M.patience = 10000

local SILENCE = "the daemon does not answer; end it with 'fixlipd stop' and run the command again"
local current, waiting

--- Checks that both sides speak the same protocol.
--- @param gone fun(message: string) called instead of `done` if the connection ended meanwhile
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

--- The program finds the socket, checks whose it is, and starts a daemon if none runs and one may be started.
local function arguments()
  local list = { "connect" }
  if config.socket() then
    vim.list_extend(list, { "--socket", config.socket() })
  end
  if not config.options.autostart then
    table.insert(list, "--no-spawn")
  end
  return list
end

local function connect(done, again)
  local command = config.command()
  local connection, failure = connections.open(command, arguments())
  if not connection then
    done(("'%s' cannot be started (%s); install fixlipd or set command"):format(
      command, failure:match("^ENOENT") and "not found" or failure))
    return
  end
  greet(connection, function(message)
    -- A daemon that is ending still takes connections for a moment.
    if message == connections.WENT_AWAY and not again then
      connect(done, true)
    else
      done(message)
    end
  end, done)
end

--- The connection to the daemon, made if there is none.
--- @param callback fun(message: string|nil, connection: table|nil)
function M.acquire(callback)
  local key = vim.inspect({ config.command(), arguments() })
  if current and current.open and current.key == key then
    callback(nil, current)
    return
  end
  if waiting then
    table.insert(waiting, callback)
    return
  end
  waiting = { callback }
  connect(function(message, connection)
    if connection then
      connection.key = key
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
