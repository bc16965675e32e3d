-- One caption's explanation: opened, refined with progress, closed.
local captions = require("fixlipd.captions")
local connections = require("fixlipd.connection")
local uv = vim.uv or vim.loop

local M = {}
local tokens = 0

--- Starts an explanation.
---
--- `update(state)` is called from the main loop whenever there is something to show. `state`: {phase: "opening" | "refining" | "done" |
--- "failed", message?, gone? (the daemon went away), cosine?, truncated?, grid? {rows, columns}, masks?, budget, fit?, words? [{text, first, last, value}],
--- pairs? [{word, row, column, value}] strongest first}.
--- @return table job with cancel()
function M.start(connection, caption, options, update)
  tokens = tokens + 1
  local job = { token = ("neovim-%d-%d"):format(uv.os_getpid(), tokens), ended = false }
  local state = { phase = "opening", budget = options.budget }
  local image = captions.image(caption)

  local function close()
    if job.explanation and not job.closed then
      job.closed = true
      connection:request("explanation/close", { explanation = job.explanation }, function() end)
    end
  end

  local function finish(phase, message)
    connection.progress[job.token] = nil
    close()
    if not job.ended then
      job.ended = true
      state.phase, state.message = phase, message
      update(state)
    end
  end

  local function fail(failure)
    if failure.code == connections.GONE then
      state.gone = true
      finish("failed", failure.message)
    else
      finish("failed", captions.short(failure.message, image))
    end
  end

  local function take(values, masks, fit)
    state.masks, state.fit = masks or state.masks, fit or state.fit
    if values then
      state.words, state.pairs = M.read(job.players, values, options.pairs)
    end
  end

  local function refine()
    connection.progress[job.token] = function(value)
      if not job.ended and value.kind ~= "end" then
        take(value.values, value.imageMasks, value.looR2)
        update(state)
      end
    end
    job.request = connection:request("explanation/refine", {
      explanation = job.explanation, budget = { imageMasks = options.budget }, progressToken = job.token,
      values = { pairs = "crossModal" },
    }, function(failure, result)
      if failure then
        fail(failure)
      else
        take(result.values, result.imageMasks, result.looR2)
        finish("done")
      end
    end)
  end

  connection:request("explanation/open", {
    image = image, text = caption.caption, model = options.model, players = { text = "words" },
  }, function(failure, opened)
    if failure then
      fail(failure)
      return
    end
    job.explanation, job.players = opened.explanation, opened.players
    state.cosine, state.truncated = opened.cosine, opened.truncated
    if job.ended then
      close()
    elseif #opened.players.text == 0 then
      finish("failed", "the caption has no words")
    else
      state.phase = "refining"
      update(state)
      refine()
    end
  end)

  --- Ends the work without a further update.
  function job.cancel()
    if job.ended then
      return
    end
    job.ended = true
    connection.progress[job.token] = nil
    if job.request then
      connection:notify("$/cancelRequest", { id = job.request })
    end
  end

  return job
end

--- Words and strongest word–patch pairs of an estimate.
function M.read(players, values, limit)
  local count, columns = players.image.count, players.image.columns
  local words, found = {}, {}
  for index, player in ipairs(players.text) do
    words[index] = {
      text = player.token, first = player.start, last = player["end"], value = values.firstOrderReading[count + index],
    }
  end
  local cells = values.pairs and values.pairs.data or {}
  for text = 1, #players.text do
    for patch = 1, count do
      found[#found + 1] = {
        word = players.text[text].token, row = math.floor((patch - 1) / columns) + 1, column = (patch - 1) % columns + 1,
        value = cells[(text - 1) * count + patch] or 0,
      }
    end
  end
  table.sort(found, function(a, b)
    if math.abs(a.value) ~= math.abs(b.value) then
      return math.abs(a.value) > math.abs(b.value)
    end
    return a.row * columns + a.column < b.row * columns + b.column
  end)
  return words, vim.list_slice(found, 1, limit)
end

return M
