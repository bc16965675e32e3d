local support = require("support")
local float = require("fixlipd.float")

local caption = "a postbox next to a cocktail glass"
local image = support.scenes .. "/scene-03.png"
local line = ("![%s](%s)"):format(caption, image)

local function explained(buffer, row)
  vim.cmd("FixlipExplain")
  support.await("an explanation", function() return support.is_done(support.notes(buffer)[row]) end)
end

local function luminance(colour)
  local function channel(from)
    local value = tonumber(colour:sub(from, from + 1), 16) / 255
    return value <= 0.03928 and value / 12.92 or ((value + 0.055) / 1.055) ^ 2.4
  end
  return 0.2126 * channel(2) + 0.7152 * channel(4) + 0.0722 * channel(6)
end

return {
  { "FixlipExplain shades words, notes the similarity and lists pairs", function()
    local buffer = support.edit("markdown", { "# Pictures", "", line }, { 3, 5 })
    explained(buffer, 3)
    local result = support.call("explain", {
      model = "demo", image = image, text = caption, players = { text = "words" }, budget = { imageMasks = 64 }, pairs = "crossModal",
    })
    support.equal(support.notes(buffer)[3], ("similarity %.2f"):format(result.cosine))
    local strongest, value = nil, 0
    for index, word in ipairs(result.players.text) do
      local weight = result.values.firstOrderReading[result.players.image.count + index]
      if math.abs(weight) > math.abs(value) then
        strongest, value = word.token, weight
      end
    end
    local groups = {}
    for _, piece in ipairs(support.shaded(buffer)) do
      groups[piece[1]] = piece[2]
    end
    support.equal(groups[strongest], value < 0 and "FixlipNegative4" or "FixlipPositive4")
    local lines = float.text()
    support.contains(lines[1], ("similarity %.3f   %d masks"):format(result.cosine, result.imageMasks))
    support.contains(table.concat(lines, "\n"), strongest .. (value < 0 and " " or " +") .. ("%.2f"):format(value))
    support.equal(#vim.tbl_filter(function(text) return text:match("row +%d, column") end, lines), 8)
  end },
  { "FixlipPage gives a browser the whole page", function()
    local copy = vim.fn.tempname()
    support.fresh({ browser = { "sh", "-c", ('cp "$0" "%s.part" && mv "%s.part" "%s"'):format(copy, copy, copy) } })
    support.edit("markdown", { "# Pictures", "", line }, { 3, 5 })
    vim.cmd("FixlipPage")
    support.await("the page", function() return vim.fn.filereadable(copy) == 1 end)
    local page = table.concat(vim.fn.readfile(copy), "\n")
    support.contains(page:sub(1, 40), "<!DOCTYPE html>")
    support.contains(page, "cocktail")
  end },
  { "the float follows the refinement", function()
    support.fresh({ budget = 60000 })
    local buffer = support.edit("markdown", { line }, { 1, 5 })
    vim.cmd("FixlipExplain")
    local function masks()
      local text = float.text()
      return text and #text > 3 and tonumber(text[1]:match("(%d+) of 60000 masks"))
    end
    support.await("an estimate on the way", masks)
    local first = masks()
    support.await("a later one", function() return masks() > first end)
    assert(#support.shaded(buffer) > 0, "nothing is shaded")
    support.contains(support.notes(buffer)[1], "…")
  end },
  { "the float stays with the caption explained last while an earlier one still refines", function()
    support.fresh({ budget = 60000 })
    local buffer = support.edit("markdown", { line, "", ("![a snake](%s/scene-02.png)"):format(support.scenes) }, { 1, 5 })
    local marks = require("fixlipd.marks")
    local draw, update = marks.draw, float.update
    local drawn, shown = 0, {}
    marks.draw = function(entry, ...)
      drawn = drawn + (entry.caption.caption == caption and 1 or 0)
      return draw(entry, ...)
    end
    float.update = function(state)
      for _, word in ipairs(state.words or {}) do
        shown[word.text] = true
      end
      return update(state)
    end
    local fine, reason = pcall(function()
      vim.cmd("FixlipExplain")
      support.await("an estimate for the first", function() return shown.postbox end)
      vim.api.nvim_win_set_cursor(0, { 3, 3 })
      vim.cmd("FixlipExplain")
      support.await("a note for the second", function() return support.notes(buffer)[3] end)
      drawn, shown = 0, {}
      support.await("later estimates for both", function() return drawn > 3 and shown.snake end)
      support.equal(shown.postbox, nil)
      support.contains(float.text()[1], "of 60000 masks")
    end)
    marks.draw, float.update = draw, update
    assert(fine, reason)
  end },
  { "the float goes with the cursor, the shading with FixlipClear", function()
    local buffer = support.edit("markdown", { line, "", "text" }, { 1, 5 })
    explained(buffer, 1)
    assert(float.text(), "no float")
    vim.api.nvim_win_set_cursor(0, { 3, 0 })
    vim.cmd("doautocmd CursorMoved")
    support.equal(float.text(), nil)
    assert(#support.shaded(buffer) > 0)
    vim.cmd("FixlipClear")
    support.equal(support.shaded(buffer), {})
    support.equal(support.notes(buffer), {})
  end },
  { "edits elsewhere move the shading, edits of a caption remove it", function()
    local buffer = support.edit("markdown", { line, line }, { 1, 5 })
    vim.cmd("FixlipScores")
    support.await("scores", function()
      return support.is_done(support.notes(buffer)[1]) and support.is_done(support.notes(buffer)[2])
    end)
    local before = support.shaded(buffer)
    vim.api.nvim_buf_set_lines(buffer, 0, 0, true, { "one more", "line" })
    vim.cmd("doautocmd TextChanged")
    support.equal(support.shaded(buffer), before)
    vim.api.nvim_buf_set_text(buffer, 2, 4, 2, 11, { "mailbox" })
    vim.cmd("doautocmd TextChanged")
    support.equal(support.notes(buffer)[3], nil)
    assert(support.notes(buffer)[4])
    support.equal(#support.shaded(buffer), #before / 2)
  end },
  { "a buffer that changes during a refinement is shaded in the right place", function()
    support.fresh({ budget = 512 })
    local buffer = support.edit("markdown", { line }, { 1, 5 })
    vim.cmd("FixlipExplain")
    support.await("a beginning", function() return support.notes(buffer)[1] ~= nil end)
    vim.api.nvim_buf_set_lines(buffer, 0, 0, true, { "above" })
    vim.api.nvim_buf_set_text(buffer, 1, 0, 1, 0, { "before " })
    support.await("an end", function() return support.is_done(support.notes(buffer)[2]) end)
    for _, piece in ipairs(support.shaded(buffer)) do
      assert(vim.tbl_contains(vim.split(caption, " "), piece[1]), "shaded: " .. piece[1])
    end
  end },
  { "FixlipScores goes through all captions and names what is wrong with one", function()
    local lines = { line, ("![a snake](%s/none.png)"):format(support.scenes), "<img src='" .. support.scenes .. "/scene-02.png' alt='a snake'>" }
    local buffer = support.edit("markdown", lines)
    vim.cmd("FixlipScores")
    support.await("all notes", function()
      local notes = support.notes(buffer)
      return support.is_done(notes[1]) and support.is_done(notes[3])
    end)
    support.equal(support.notes(buffer)[2], "none.png: No such file or directory")
    support.equal(support.messages, {})
  end },
  { "other file types are read too", function()
    local buffer = support.edit("tex", {
      "\\begin{document}", "\\begin{figure}", "\\includegraphics{" .. support.scenes .. "/scene-03}", "\\caption{a postbox \\emph{next} to", "a glass}", "\\end{figure}", "\\end{document}",
    }, { 4, 10 })
    explained(buffer, 5)
    for _, piece in ipairs(support.shaded(buffer)) do
      assert(vim.tbl_contains({ "a", "postbox", "next", "to", "glass" }, piece[1]), "shaded: " .. piece[1])
    end
    support.equal(require("fixlipd.captions").language(support.edit("plaintex", "x")), "tex")
    support.equal(require("fixlipd.captions").language(support.edit("markdown.pandoc", "x")), "markdown")
  end },
  { "text on every shade has a contrast of 4.5 in both backgrounds", function()
    for _, background in ipairs({ "light", "dark" }) do
      vim.o.background = background
      require("fixlipd.colors").define()
      for _, sign in ipairs({ "Positive", "Negative" }) do
        for level = 1, 4 do
          local id = vim.fn.hlID(("Fixlip%s%d"):format(sign, level))
          local a = luminance(vim.fn.synIDattr(id, "fg#", "gui"))
          local b = luminance(vim.fn.synIDattr(id, "bg#", "gui"))
          local contrast = (math.max(a, b) + 0.05) / (math.min(a, b) + 0.05)
          assert(contrast >= 4.5, ("%s %s%d: %.2f"):format(background, sign, level, contrast))
          assert((background == "light") == (b > a), "the shade is of the other background")
        end
      end
    end
  end },
  { "groups that the user has defined stay", function()
    vim.cmd("highlight FixlipPositive4 guibg=#123456")
    vim.o.background = "light"
    require("fixlipd.colors").define()
    support.equal(vim.fn.synIDattr(vim.fn.hlID("FixlipPositive4"), "bg#", "gui"), "#123456")
    vim.cmd("highlight clear FixlipPositive4")
    require("fixlipd.colors").define()
    support.contains(vim.fn.synIDattr(vim.fn.hlID("FixlipPositive4"), "bg#", "gui"), "#da7f3b")
  end },
}
