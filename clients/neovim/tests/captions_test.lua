local captions = require("fixlipd.captions")
local support = require("support")

local function find(buffer)
  local done, message, list = false, nil, nil
  require("fixlipd.daemon").acquire(function(failure, connection)
    assert(not failure, failure)
    captions.find(connection, buffer, function(a, b)
      done, message, list = true, a, b
    end)
  end)
  support.await("captions", function() return done end)
  return message, list
end

local function text_of(buffer, piece)
  return table.concat(vim.api.nvim_buf_get_text(buffer, piece[1], piece[2], piece[3], piece[4], {}), "\n")
end

return {
  { "the shared cases are found in a buffer", function()
    local files = vim.fn.glob(support.root .. "/clients/testdata/captions/*.json", true, true)
    assert(#files > 20, "the cases are missing")
    for _, file in ipairs(files) do
      local case = vim.json.decode(table.concat(vim.fn.readfile(file), "\n"), { luanil = { object = true } })
      if not case.text:find("\r", 1, true) then
        vim.cmd("enew!")
        local buffer = vim.api.nvim_get_current_buf()
        vim.api.nvim_buf_set_lines(buffer, 0, -1, true, vim.split((case.text:gsub("\n$", "")), "\n"))
        vim.bo.filetype = case.languageId
        if case.path and case.path:match("^/") then
          vim.api.nvim_buf_set_name(buffer, case.path)
        end
        local message, list = find(buffer)
        assert(not message, file .. ": " .. tostring(message))
        support.equal(#list, #case.expected, file)
        for index, expected in ipairs(case.expected) do
          support.equal(list[index].caption, expected.caption, file)
          if case.path and case.path:match("^/") then
            support.equal(list[index].image, expected.image, file)
          end
          assert(#captions.pieces(list[index], 0, 100000) > 0, file)
        end
        vim.cmd("bwipeout!")
      end
    end
  end },
  { "words are found behind escapes, entities and wide characters", function()
    local buffer = support.edit("markdown", { "é🐍 ![süß *rote* &amp; \\*x 🐍", "Katze](a.png)" })
    local _, list = find(buffer)
    local caption = list[1]
    support.equal(caption.caption, "süß rote & *x 🐍 Katze")
    local function word(first, last)
      return table.concat(vim.tbl_map(function(piece) return text_of(buffer, piece) end, captions.pieces(caption, first, last)), "|")
    end
    support.equal(word(0, 3), "süß")
    support.equal(word(4, 8), "rote")
    support.equal(word(9, 10), "&amp;")
    support.equal(word(14, 15), "🐍")
    support.equal(word(16, 21), "Katze")
  end },
  { "the caption at the cursor is the one around it, or the only one of its line", function()
    local function caption(line, first, last)
      local range = { start = { line = line, character = first }, ["end"] = { line = line, character = last } }
      return { range = range, captionRange = range }
    end
    local a, b, c = caption(0, 2, 10), caption(0, 12, 20), caption(1, 5, 9)
    local list = { a, b, c }
    support.equal(captions.at(list, 0, 2), a)
    support.equal(captions.at(list, 0, 19), b)
    support.equal(captions.at(list, 0, 11), nil)
    support.equal(captions.at(list, 1, 0), c)
    support.equal(captions.at(list, 2, 0), nil)
  end },
  { "bytes that are not UTF-8 are replaced one by one", function()
    support.equal(captions.valid_utf8("aé\255b\226\130\172\226\130x\237\160\128\240\159\144\141"), "aé?b€??x???🐍")
    local buffer = support.edit("markdown", { "\255\254 ![a cat](a.png)" })
    local message, list = find(buffer)
    support.equal(message, nil)
    support.equal(list[1].range.start.character, 3)
  end },
  { "an image without an extension is looked for with the usual ones", function()
    support.equal(captions.image({ image = support.scenes .. "/scene-00" }), support.scenes .. "/scene-00.png")
    support.equal(captions.image({ image = "/nowhere/cat" }), "/nowhere/cat")
    support.equal(captions.image({ image = "data:image/png;base64,AA" }), "data:image/png;base64,AA")
  end },
  { "messages name the file, not its path", function()
    support.equal(captions.short("/a/b%c.png: No such file", "/a/b%c.png"), "b%c.png: No such file")
  end },
}
