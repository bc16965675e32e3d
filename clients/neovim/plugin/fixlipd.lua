if vim.g.loaded_fixlipd then
  return
end
vim.g.loaded_fixlipd = true

local function command(name, method, description)
  vim.api.nvim_create_user_command(name, function()
    require("fixlipd")[method]()
  end, { desc = description })
end

command("FixlipExplain", "explain", "Explain the match of the caption under the cursor and its image")
command("FixlipPage", "page", "Open the page about the caption under the cursor in a browser")
command("FixlipScores", "scores", "Score every caption of the buffer against its image")
command("FixlipClear", "clear", "Remove weights and scores from the buffer, and end what still runs")

local group = vim.api.nvim_create_augroup("fixlipd.colors", { clear = true })
local function recolour()
  if package.loaded["fixlipd.colors"] then
    require("fixlipd.colors").define()
  end
end
vim.api.nvim_create_autocmd("ColorScheme", { group = group, callback = recolour })
vim.api.nvim_create_autocmd("OptionSet", { group = group, pattern = "background", callback = recolour })

vim.api.nvim_create_autocmd("VimLeavePre", {
  group = vim.api.nvim_create_augroup("fixlipd.connection", { clear = true }),
  callback = function()
    if package.loaded["fixlipd.daemon"] then
      require("fixlipd.daemon").disconnect()
    end
  end,
})
