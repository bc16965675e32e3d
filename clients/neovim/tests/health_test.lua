local support = require("support")

local function health()
  vim.cmd("silent checkhealth fixlipd")
  local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\n")
  vim.cmd("bwipeout!")
  return text
end

return {
  { "checkhealth names the daemon and its models", function()
    support.call("models/load", { model = "demo" })
    local text = health()
    support.contains(text, "answers (protocol 1)")
    support.contains(text, "models in memory: demo")
  end },
  { "checkhealth says what is missing", function()
    support.fresh({ command = "no-such-program" })
    support.contains(health(), "'no-such-program' cannot be run")
    support.fresh({ socket = vim.env.FIXLIP_TEST_FOLDER .. "/none.sock", autostart = false })
    support.contains(health(), "no daemon runs on " .. vim.env.FIXLIP_TEST_FOLDER .. "/none.sock")
  end },
  { "the help has its tags", function()
    local folder = vim.env.FIXLIP_TEST_FOLDER .. "/help"
    vim.fn.mkdir(folder .. "/doc", "p")
    vim.fn.writefile(vim.fn.readfile(support.root .. "/clients/neovim/doc/fixlipd.txt"), folder .. "/doc/fixlipd.txt")
    vim.cmd("helptags " .. folder .. "/doc")
    local tags = table.concat(vim.fn.readfile(folder .. "/doc/tags"), "\n")
    for _, tag in ipairs({ "fixlipd.txt", ":FixlipExplain", ":FixlipScores", ":FixlipClear", "fixlipd.setup()", "hl-FixlipPositive" }) do
      support.contains(tags, tag)
    end
    local help = table.concat(vim.fn.readfile(support.root .. "/clients/neovim/doc/fixlipd.txt"), "\n")
    for name in pairs(require("fixlipd.config").defaults) do
      support.contains(help, name)
    end
  end },
}
