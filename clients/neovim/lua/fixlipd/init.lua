-- The commands of fixlipd in Neovim.
local captions = require("fixlipd.captions")
local colors = require("fixlipd.colors")
local config = require("fixlipd.config")
local daemon = require("fixlipd.daemon")
local float = require("fixlipd.float")
local marks = require("fixlipd.marks")
local refinement = require("fixlipd.refinement")

local M = {}
local api = vim.api
local runs = {} -- by buffer: what stands for the latest :FixlipScores
local subject -- the entry of the latest :FixlipExplain; the float is about this one only

local function say(message, level)
  vim.notify("fixlip: " .. message:gsub("%s*\n%s*", " "), level or vim.log.levels.WARN)
end

function M.setup(options)
  local wrong = config.set(options)
  if wrong then
    say(wrong, vim.log.levels.ERROR)
  end
end

local watched = {}

local function prepare(buffer)
  colors.define()
  if watched[buffer] then
    return
  end
  watched[buffer] = true
  local group = api.nvim_create_augroup("fixlipd.buffer." .. buffer, { clear = true })
  api.nvim_create_autocmd({ "TextChanged", "TextChangedI" }, {
    group = group, buffer = buffer,
    callback = function()
      marks.check(buffer)
    end,
  })
  api.nvim_create_autocmd({ "BufUnload" }, {
    group = group, buffer = buffer,
    callback = function()
      M.clear(buffer)
      watched[buffer] = nil
      api.nvim_del_augroup_by_id(group)
    end,
  })
end

local function note(state)
  if state.phase == "failed" then
    return state.message, "FixlipError"
  elseif not state.cosine then
    return "…", "FixlipScore"
  end
  local text = ("similarity %.2f"):format(state.cosine)
  return state.phase == "done" and text or text .. " …", "FixlipScore"
end

--- Explains the caption of an entry; `watch(state)` sees every state.
local function show(connection, entry, budget, watch)
  local job
  entry.on_drop = function()
    if job then
      job.cancel()
    end
    watch({ phase = "dropped" })
  end
  local function update(state)
    local text, group = note(state)
    marks.draw(entry, state.words or {}, text, group)
    if not entry.dropped then
      watch(state)
    end
  end
  update({ phase = "opening", budget = budget })
  if not entry.dropped then
    job = refinement.start(
      connection, entry.caption, { budget = budget, model = config.options.model, pairs = config.options.pairs }, update)
  end
end

local function found(buffer, callback)
  daemon.acquire(function(message, connection)
    if message then
      say(message, vim.log.levels.ERROR)
    elseif api.nvim_buf_is_valid(buffer) then
      captions.find(connection, buffer, function(failure, list)
        if failure then
          say(failure)
        else
          callback(connection, list)
        end
      end)
    end
  end)
end

--- Explains the caption under the cursor.
function M.explain()
  local buffer, window = api.nvim_get_current_buf(), api.nvim_get_current_win()
  prepare(buffer)
  local cursor = api.nvim_win_get_cursor(window)
  found(buffer, function(connection, list)
    local caption = captions.at(list, cursor[1] - 1, cursor[2])
    if not caption then
      say(#list == 0 and "no captioned images in this buffer" or "no captioned image under the cursor")
      return
    end
    local opened = false
    local first, last = captions.rows(caption)
    local entry = marks.add(buffer, caption)
    float.close()
    subject = entry
    show(connection, entry, config.options.budget, function(state)
      if entry ~= subject then
        return -- an earlier caption still refines: its shading follows, the float does not
      elseif state.phase == "dropped" then
        float.close()
      elseif opened then
        float.update(state)
      elseif api.nvim_get_current_win() == window and api.nvim_get_current_buf() == buffer then
        opened = true
        float.open(buffer, first, last, state)
      end
    end)
  end)
end

--- How a page is opened: a list of a program and its arguments, the file's name to come.
local function opener()
  for _, program in ipairs({ "xdg-open", "open", "wslview" }) do
    if vim.fn.executable(program) == 1 then
      return { program }
    end
  end
end

--- Opens the page about the caption under the cursor in a browser.
function M.page()
  local buffer = api.nvim_get_current_buf()
  local cursor = api.nvim_win_get_cursor(0)
  local program = config.options.browser or opener()
  found(buffer, function(connection, list)
    local caption = captions.at(list, cursor[1] - 1, cursor[2])
    if not caption then
      say(#list == 0 and "no captioned images in this buffer" or "no captioned image under the cursor")
      return
    end
    say("drawing the page …", vim.log.levels.INFO)
    connection:request("explain", {
      image = captions.image(caption), text = caption.caption, model = config.options.model,
      budget = { imageMasks = config.options.budget }, pairs = "none", render = { format = "html", askModel = true },
    }, function(failure, result)
      if failure then
        say(failure.message or tostring(failure))
        return
      end
      local file = vim.fn.tempname() .. ".html"
      vim.fn.writefile(vim.split(result.render.content, "\n", { plain = true }), file)
      if not program then
        say("the page is in " .. file .. "; no program to open it was found (xdg-open); set the option browser")
        return
      end
      local command = vim.deepcopy(program)
      command[#command + 1] = file
      if vim.fn.jobstart(command, { detach = true }) <= 0 then
        say(("%s cannot be started; the page is in %s"):format(command[1], file))
      end
    end)
  end)
end

--- Scores all captions of the buffer, one after the other.
function M.scores()
  local buffer = api.nvim_get_current_buf()
  prepare(buffer)
  local run = {}
  runs[buffer] = run
  found(buffer, function(connection, list)
    if #list == 0 then
      say("no captioned images in this buffer")
    end
    -- All are anchored where they were found, before the text can change.
    local entries = vim.tbl_map(function(caption)
      return marks.add(buffer, caption)
    end, list)
    for _, entry in ipairs(entries) do
      marks.draw(entry, {}, "…", "FixlipScore")
    end
    local index = 0
    local function following()
      index = index + 1
      local entry = entries[index]
      if runs[buffer] ~= run or not entry then
        return
      elseif entry.dropped then
        following()
        return
      end
      local ended = false
      show(connection, entry, config.options.score_budget, function(state)
        if ended or state.phase == "opening" or state.phase == "refining" then
          return
        end
        ended = true
        if state.gone then
          say(state.message)
          for _, rest in ipairs(vim.list_slice(entries, index + 1)) do
            marks.drop(rest)
          end
        else
          vim.schedule(following)
        end
      end)
    end
    following()
  end)
end

--- Removes what is shown in a buffer, the current one by default, and ends what still runs for it.
function M.clear(buffer)
  buffer = buffer or api.nvim_get_current_buf()
  runs[buffer] = nil
  marks.clear(buffer)
  float.close()
end

return M
