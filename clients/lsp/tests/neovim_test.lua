-- Neovim's built-in client with `fixlipd lsp`. Arguments come from the environment: FIXLIPD, FIXLIP_TEST_FOLDER.
local folder = assert(os.getenv("FIXLIP_TEST_FOLDER"))
local passed, failed = 0, 0

local function check(name, body)
  local ok, message = xpcall(body, debug.traceback)
  if ok then
    passed = passed + 1
  else
    failed = failed + 1
    io.stderr:write("FAILED: " .. name .. "\n" .. tostring(message) .. "\n")
  end
end

local function await(what, condition)
  assert(vim.wait(90000, condition, 50), what .. " did not come")
end

vim.fn.writefile({ "# é🐍", "", "🐍 ![a postbox next to a whale](scene-03.png)", "", "![](scene-01.png)" }, folder .. "/a.md")
vim.cmd("edit " .. folder .. "/a.md")
vim.bo.filetype = "markdown"
local buffer = vim.api.nvim_get_current_buf()
local client = assert(vim.lsp.start_client({
  name = "fixlipd",
  cmd = { os.getenv("FIXLIPD"), "lsp" },
  root_dir = folder,
  settings = { fixlip = { budget = 32 } },
  init_options = { budget = 32 },
}))
assert(vim.lsp.buf_attach_client(buffer, client))

local function codes()
  return vim.tbl_map(function(diagnostic) return diagnostic.code end, vim.diagnostic.get(buffer))
end

check("diagnostics stand at the words", function()
  await("a word against the image", function() return vim.tbl_contains(codes(), "word-against-image") end)
  for _, diagnostic in ipairs(vim.diagnostic.get(buffer)) do
    if diagnostic.code == "word-against-image" and diagnostic.message:find("whale") then
      local text = vim.api.nvim_buf_get_text(buffer, diagnostic.lnum, diagnostic.col, diagnostic.end_lnum, diagnostic.end_col, {})
      assert(text[1] == "whale", text[1])
    end
  end
  assert(vim.tbl_contains(codes(), "alt-missing"))
end)

check("a hover tells a word's weight", function()
  local replies = vim.lsp.buf_request_sync(buffer, "textDocument/hover", {
    textDocument = vim.lsp.util.make_text_document_params(buffer),
    position = { line = 2, character = 12 },
  }, 60000)
  local text = replies[client].result.contents.value
  assert(text:find("“postbox”"), text)
end)

check("code actions are offered, and their edits are applied", function()
  local replies = vim.lsp.buf_request_sync(buffer, "textDocument/codeAction", {
    textDocument = vim.lsp.util.make_text_document_params(buffer),
    range = { start = { line = 4, character = 0 }, ["end"] = { line = 4, character = 1 } },
    context = { diagnostics = {} },
  }, 60000)
  local action = replies[client].result[1]
  assert(action.title == "Mark the image as decorative", vim.inspect(action))
  vim.lsp.util.apply_workspace_edit(action.edit, "utf-16")
  assert(vim.api.nvim_buf_get_lines(buffer, 4, 5, true)[1] == '<img src="scene-01.png" alt="">')
  await("nothing is missing", function() return not vim.tbl_contains(codes(), "alt-missing") end)
end)

check("changes of the buffer are judged", function()
  vim.api.nvim_buf_set_text(buffer, 2, 29, 2, 34, { "cocktail glass" })
  await("the word is right", function()
    for _, diagnostic in ipairs(vim.diagnostic.get(buffer)) do
      if diagnostic.message:find("whale") then return false end
    end
    return true
  end)
end)

check("the server ends with its client", function()
  vim.lsp.stop_client(client)
  await("the end", function() return vim.lsp.get_client_by_id(client) == nil end)
end)

io.stderr:write(passed .. " passed, " .. failed .. " failed\n")
vim.cmd(failed == 0 and "qall!" or "cquit!")
