-- Options of require("fixlipd").setup{}.
local M = {}

M.defaults = {
  -- The daemon's socket; nil: where the program looks, see its manual.
  socket = nil,
  -- The program; nil: $FIXLIPD, else fixlipd on the PATH.
  command = nil,
  -- Whether to start a daemon if none runs.
  autostart = true,
  -- "demo", a folder, or "org/name"; nil: the daemon's own choice.
  model = nil,
  -- Image masks for :FixlipExplain and :FixlipScores.
  budget = 512,
  score_budget = 128,
  -- How many of the strongest word–patch pairs the float lists.
  pairs = 8,
  -- What opens the page of :FixlipPage, such as { "firefox", "--new-window" }; nil: xdg-open, open or wslview.
  browser = nil,
  -- File types whose language has another name in the protocol.
  languages = { plaintex = "tex", pandoc = "markdown", rmarkdown = "rmd", ["javascript.jsx"] = "javascriptreact" },
}

M.options = vim.deepcopy(M.defaults)

local types = {
  socket = "string", command = "string", autostart = "boolean", model = "string", budget = "number",
  score_budget = "number", pairs = "number", browser = "table", languages = "table",
}

--- @return string|nil what is wrong with the options, or nil
function M.set(options)
  options = options or {}
  for name, value in pairs(options) do
    if not types[name] then
      return ("setup: there is no option '%s'"):format(name)
    elseif type(value) ~= types[name] then
      return ("setup: '%s' must be a %s, not a %s"):format(name, types[name], type(value))
    elseif types[name] == "number" and (value < 1 or value ~= math.floor(value)) then
      return ("setup: '%s' must be a whole number from 1 on"):format(name)
    end
  end
  M.options = vim.tbl_deep_extend("force", vim.deepcopy(M.defaults), options)
end

--- The socket of the options, or nil where the program is to find it.
function M.socket()
  return M.options.socket and vim.fn.expand(M.options.socket)
end

function M.command()
  if M.options.command then
    return vim.fn.expand(M.options.command)
  end
  return (vim.env.FIXLIPD or "") ~= "" and vim.env.FIXLIPD or "fixlipd"
end

return M
