-- Runs the test files of this folder and prints "N passed, M failed".
local folder = vim.env.FIXLIP_TEST_CASES
package.path = folder .. "/?.lua;" .. package.path
vim.cmd("runtime plugin/fixlipd.lua")
vim.o.columns, vim.o.lines = 140, 40

local passed, failed = 0, 0
local function print_line(text)
  io.stderr:write(text .. "\n")
end

for _, name in ipairs({ "captions_test", "explain_test", "faults_test", "health_test" }) do
  for _, case in ipairs(require(name)) do
    require("support").fresh()
    local fine, reason = xpcall(case[2], debug.traceback)
    if fine then
      passed = passed + 1
    else
      failed = failed + 1
      print_line(("FAILED %s: %s\n%s"):format(name, case[1], reason))
    end
  end
end
print_line(("%d passed, %d failed"):format(passed, failed))
vim.cmd(failed == 0 and "qall!" or "cquit 1")
