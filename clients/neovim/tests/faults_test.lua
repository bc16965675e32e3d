local connections = require("fixlipd.connection")
local daemon = require("fixlipd.daemon")
local support = require("support")

local line = ("![a postbox next to a cocktail glass](%s/scene-03.png)"):format(support.scenes)

--- What :FixlipExplain says in a document.
local function said(command)
  vim.cmd(command or "FixlipExplain")
  support.await("a message", function() return #support.messages > 0 end)
  support.equal(#support.messages, 1)
  local message = support.messages[1]
  assert(not message:find("traceback") and not message:find("%.lua"), message)
  return message
end

return {
  { "no daemon runs and none may be started", function()
    local path = vim.env.FIXLIP_TEST_FOLDER .. "/none.sock"
    support.fresh({ socket = path, autostart = false })
    support.edit("markdown", { line }, { 1, 5 })
    support.equal(said(), "fixlip: no daemon runs on " .. path .. "; start one with 'fixlipd serve'")
  end },
  { "the program is not installed", function()
    support.fresh({ socket = vim.env.FIXLIP_TEST_FOLDER .. "/none.sock", command = "no-such-program" })
    support.edit("markdown", { line }, { 1, 5 })
    support.equal(said(), "fixlip: 'no-such-program' cannot be started (not found); install fixlipd or set command")
  end },
  { "the daemon does not start", function()
    local folder = vim.env.FIXLIP_TEST_FOLDER .. "/open"
    vim.fn.mkdir(folder, "p")
    vim.loop.fs_chmod(folder, 493)
    support.fresh({ socket = folder .. "/daemon.sock" })
    support.edit("markdown", { line }, { 1, 5 })
    support.contains(said(), "fixlip: others can enter " .. folder .. " (mode 755); run: chmod 700 ")
  end },
  { "the socket path is too long", function()
    support.fresh({ socket = "/tmp/" .. ("x"):rep(120) })
    support.edit("markdown", { line }, { 1, 5 })
    support.contains(said(), "has 125 bytes, the system allows 107")
  end },
  { "the daemon speaks another protocol version, and says so", function()
    local path, stop = support.stand_in(function(request)
      return { jsonrpc = "2.0", id = request.id, result = { protocolVersion = 2, serverInfo = { name = "fixlipd", version = "9" } } }
    end)
    support.fresh({ socket = path })
    support.edit("markdown", { line }, { 1, 5 })
    support.equal(said(), "fixlip: the daemon speaks another protocol version (2); this plugin speaks 1: update the older of the two")
    stop()
  end },
  { "the daemon refuses our protocol version", function()
    local path, stop = support.stand_in(function(request)
      return { jsonrpc = "2.0", id = request.id, error = { code = -32602, message = "'protocolVersion' is 1" } }
    end)
    support.fresh({ socket = path })
    support.edit("markdown", { line }, { 1, 5 })
    support.contains(said(), "another protocol version; this plugin speaks 1")
    stop()
  end },
  { "something else answers on the socket", function()
    local path, stop = support.stand_in(function() return "220 mail.example ESMTP" end)
    support.fresh({ socket = path })
    support.edit("markdown", { line }, { 1, 5 })
    support.contains(said(), "does not speak JSON-RPC")
    stop()
  end },
  { "the daemon does not answer", function()
    local path, stop = support.stand_in(function() end)
    support.fresh({ socket = path })
    daemon.patience = 50
    support.edit("markdown", { line }, { 1, 5 })
    support.contains(said(), "fixlip: the daemon does not answer")
    daemon.patience = 10000
    stop()
  end },
  { "the daemon is killed during a refinement; the next call reconnects", function()
    support.fresh({ budget = 60000 })
    local buffer = support.edit("markdown", { line }, { 1, 5 })
    local pid = support.call("server/status").pid
    vim.cmd("FixlipExplain")
    support.await("shading", function() return #support.shaded(buffer) > 0 end)
    vim.loop.kill(pid, "sigkill")
    support.await("a note", function() return (support.notes(buffer)[1] or ""):find("went away", 1, true) end)
    support.equal(support.notes(buffer)[1], "the daemon went away; run the command again to reconnect")
    support.equal(require("fixlipd.float").text(), { "the daemon went away; run the command again to reconnect" })
    require("fixlipd").setup({ budget = 64 })
    vim.cmd("FixlipExplain")
    support.await("an explanation", function() return support.is_done(support.notes(buffer)[1]) end)
    assert(support.call("server/status").pid ~= pid)
  end },
  { "FixlipScores says once that the daemon is gone", function()
    support.fresh({ score_budget = 60000 })
    local buffer = support.edit("markdown", { line, line, line })
    local pid = support.call("server/status").pid
    vim.cmd("FixlipScores")
    support.await("shading", function() return #support.shaded(buffer) > 0 end)
    vim.loop.kill(pid, "sigkill")
    support.await("a message", function() return #support.messages > 0 end)
    support.equal(support.messages, { "fixlip: the daemon went away; run the command again to reconnect" })
    support.equal(vim.tbl_keys(support.notes(buffer)), { 1 })
  end },
  { "FixlipClear ends the work in the daemon", function()
    support.fresh({ budget = 60000 })
    local buffer = support.edit("markdown", { line }, { 1, 5 })
    vim.cmd("FixlipExplain")
    support.await("shading", function() return #support.shaded(buffer) > 0 end)
    vim.cmd("FixlipClear")
    support.await("no open explanation", function()
      return #support.call("explanation/list").explanations == 0
    end)
    support.equal(support.notes(buffer), {})
  end },
  { "a broken image path", function()
    local buffer = support.edit("markdown", { "![a cat](no/cat.png)" }, { 1, 3 })
    vim.cmd("FixlipExplain")
    support.await("a note", function() return (support.notes(buffer)[1] or "…") ~= "…" end)
    -- A buffer without a file has no folder for the path to start at.
    local note = support.notes(buffer)[1]
    support.equal(note, "cat.png: No such file or directory; a relative path starts at the daemon's folder, /")
  end },
  { "a file that is no image", function()
    local buffer = support.edit("markdown", { "![a cat](" .. support.scenes .. "/captions.json)" }, { 1, 3 })
    vim.cmd("FixlipExplain")
    support.await("a note", function() return (support.notes(buffer)[1] or "…") ~= "…" end)
    support.equal(support.notes(buffer)[1], "captions.json: not a PNG, JPEG or WebP file")
  end },
  { "a model that is not there", function()
    support.fresh({ model = "/no/model" })
    local buffer = support.edit("markdown", { line }, { 1, 3 })
    vim.cmd("FixlipExplain")
    support.await("a note", function() return (support.notes(buffer)[1] or "…") ~= "…" end)
    support.contains(support.notes(buffer)[1], "/no/model")
  end },
  { "an image without a caption", function()
    support.edit("markdown", { "![](" .. support.scenes .. "/scene-00.png)" }, { 1, 3 })
    support.equal(said(), "fixlip: no captioned images in this buffer")
    support.messages = {}
    support.equal(said("FixlipScores"), "fixlip: no captioned images in this buffer")
  end },
  { "a caption without words", function()
    local last
    local connected
    daemon.acquire(function(_, connection) connected = connection end)
    support.await("a connection", function() return connected end)
    require("fixlipd.refinement").start(
      connected, { caption = " ", image = support.scenes .. "/scene-00.png" }, { budget = 64, pairs = 4 }, function(state)
        last = vim.deepcopy(state)
      end)
    support.await("an end", function() return last and last.phase ~= "opening" end)
    support.equal({ last.phase, last.message }, { "failed", "the caption has no words" })
  end },
  { "no caption under the cursor", function()
    support.edit("markdown", { line, "", "text" }, { 3, 0 })
    support.equal(said(), "fixlip: no captioned image under the cursor")
  end },
  { "a language that the daemon does not know", function()
    support.edit("cobol", { "DISPLAY 'x'." }, { 1, 0 })
    support.equal(said(), "fixlip: captions are not read in files of type 'cobol'")
    support.messages = {}
    support.edit("", { "x" }, { 1, 0 })
    support.contains(said(), "no file type")
  end },
  { "options that do not exist or have the wrong type", function()
    local function setup(options)
      support.messages = {}
      require("fixlipd").setup(options)
      return support.messages[1]
    end
    support.equal(setup({ sockt = "x" }), "fixlip: setup: there is no option 'sockt'")
    support.equal(setup({ budget = "many" }), "fixlip: setup: 'budget' must be a number, not a string")
    support.equal(setup({ budget = 0.5 }), "fixlip: setup: 'budget' must be a whole number from 1 on")
    support.equal(setup({}), nil)
  end },
  { "messages in pieces and several in one are read alike", function()
    local path, stop = support.stand_in(function(request)
      return ('{"jsonrpc":"2.0","id":%d,"result":"%s"}'):format(request.id, ("ü"):rep(100000))
        .. '\n{"jsonrpc":"2.0","method":"window/logMessage","params":{"type":3,"message":"x"}}'
    end)
    local results = {}
    local connection = connections.open(require("fixlipd.config").command(), { "connect", "--socket", path })
    for index = 1, 3 do
      connection:request("any", { index = index }, function(_, result) results[index] = #result end)
    end
    support.await("replies", function() return #results == 3 end)
    support.equal(results, { 200000, 200000, 200000 })
    connection:close()
    stop()
  end },
}
