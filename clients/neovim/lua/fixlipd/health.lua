-- :checkhealth fixlipd
local config = require("fixlipd.config")
local daemon = require("fixlipd.daemon")

local M = {}
local health = vim.health or require("health")
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local warn = health.warn or health.report_warn
local fault = health.error or health.report_error

--- Waits for an answer; :checkhealth wants it at once.
local function awaited(call)
  local done, first, second = false, nil, nil
  call(function(a, b)
    done, first, second = true, a, b
  end)
  if not vim.wait(10000, function() return done end, 20) then
    return "no answer within 10 seconds"
  end
  return first, second
end

function M.check()
  start("fixlipd")
  if vim.fn.has("nvim-0.7") == 1 then
    ok("Neovim is 0.7 or later")
  else
    fault("Neovim 0.7 or later is needed")
    return
  end
  if vim.fn.executable(config.command()) == 1 then
    ok(("'%s' can be run"):format(config.command()))
  else
    fault(("'%s' cannot be run"):format(config.command()), {
      "Install fixlipd, or set command in require('fixlipd').setup{}.",
    })
    return
  end
  local message, connection = awaited(daemon.acquire)
  if message then
    fault(message, config.socket() and { ("The socket is %s, as 'socket' says."):format(config.socket()) } or nil)
    return
  end
  ok(("fixlipd %s answers (protocol %d)"):format(connection.server.serverInfo.version, connection.server.protocolVersion))
  local failure, status = awaited(function(done)
    connection:request("server/status", vim.empty_dict(), done)
  end)
  if failure then
    fault(type(failure) == "table" and failure.message or failure)
  else
    local names = vim.tbl_map(function(model) return model.id end, status.models or {})
    ok(#names > 0 and "models in memory: " .. table.concat(names, ", ") or "no model is in memory; the first use loads one")
  end
  if vim.o.termguicolors or vim.fn.has("gui_running") == 1 then
    ok("colours are 24-bit")
  else
    warn("'termguicolors' is off: weights are shown in the nearest of 256 colours")
  end
end

return M
