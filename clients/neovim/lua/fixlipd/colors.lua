-- Highlight groups: orange raises the match, blue lowers it, in four strengths each. The two hues differ for every common
-- kind of colour blindness, and text keeps a contrast of at least 4.5 : 1 on each of them.
local M = {}

M.LEVELS = 4

local palettes = {
  light = {
    paper = { 255, 255, 255 }, ink = "#111417", cterm_ink = 16,
    Positive = { 209, 95, 10 }, Negative = { 33, 102, 172 },
    opacity = { Positive = { 0.15, 0.35, 0.55, 0.8 }, Negative = { 0.12, 0.25, 0.4, 0.6 } },
    cterm_bar = { Positive = 166, Negative = 25 },
    cterm = { Positive = { 230, 223, 216, 209 }, Negative = { 195, 153, 117, 75 } },
  },
  dark = {
    paper = { 20, 23, 26 }, ink = "#ffffff", cterm_ink = 231,
    Positive = { 240, 138, 51 }, Negative = { 74, 148, 221 },
    opacity = { Positive = { 0.2, 0.33, 0.46, 0.6 }, Negative = { 0.2, 0.35, 0.5, 0.65 } },
    cterm_bar = { Positive = 208, Negative = 74 },
    cterm = { Positive = { 58, 94, 130, 166 }, Negative = { 17, 18, 24, 25 } },
  },
}

local function mixed(paper, colour, opacity)
  local channels = {}
  for index = 1, 3 do
    channels[index] = math.floor(paper[index] + (colour[index] - paper[index]) * opacity + 0.5)
  end
  return ("#%02x%02x%02x"):format(channels[1], channels[2], channels[3])
end

local defined = {} -- by group, what was defined here

local function background(group)
  return vim.fn.synIDattr(vim.fn.hlID(group), "bg#", "gui")
end

local function define(group, colours)
  if defined[group] and background(group) == defined[group] then
    vim.cmd("highlight clear " .. group)
  end
  vim.cmd(("highlight default %s %s"):format(group, colours))
  defined[group] = background(group)
end

--- Defines the groups for the current background; those that the user or the colour scheme has defined stay.
function M.define()
  local palette = palettes[vim.o.background] or palettes.dark
  for _, sign in ipairs({ "Positive", "Negative" }) do
    for level = 1, M.LEVELS do
      define(("Fixlip%s%d"):format(sign, level), ("guifg=%s guibg=%s ctermfg=%d ctermbg=%d"):format(
        palette.ink, mixed(palette.paper, palette[sign], palette.opacity[sign][level]),
        palette.cterm_ink, palette.cterm[sign][level]))
    end
    define("FixlipBar" .. sign, ("guifg=%s ctermfg=%d"):format(
      mixed(palette.paper, palette[sign], 1), palette.cterm_bar[sign]))
  end
  vim.cmd("highlight default link FixlipScore Comment")
  vim.cmd("highlight default link FixlipError WarningMsg")
end

--- The group for a value, or nil where it is less than an eighth of the largest.
function M.group(value, largest)
  if largest <= 0 or math.abs(value) < largest / 8 then
    return nil
  end
  local level = math.max(1, math.min(M.LEVELS, math.ceil(math.abs(value) / largest * M.LEVELS)))
  return ("Fixlip%s%d"):format(value < 0 and "Negative" or "Positive", level)
end

return M
