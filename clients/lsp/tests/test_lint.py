"""`fixlipd lint`, with the demo model."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from lsp_client import PROGRAM
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif
from test_messages import SCENES

DOCUMENT = """![a postbox next to a whale](scene-03.png)

![](scene-01.png)

![a rose](nowhere.png)
"""


class Lint(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("scene-01", "scene-03"):
            shutil.copy(SCENES / f"{name}.png", self.folder)
        (self.folder / "a.md").write_text(DOCUMENT)

    def run_lint(self, *arguments, status):
        done = subprocess.run(
            [PROGRAM, "lint", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_text(self):
        done = self.run_lint("a.md", "--budget", "32", status=1)
        self.assertIn("a.md:1:23: information: “whale” lowers the match by", done.stdout)
        self.assertIn("a.md:3:1: warning: The image has no text that describes it", done.stdout)
        self.assertIn("nowhere.png [image-not-found]", done.stdout)
        self.assertRegex(done.stderr, r"1 error, 1 warning, \d information in 1 document\n")

    def test_json_lines(self):
        done = self.run_lint("a.md", "--no-model", "--format", "jsonl", status=1)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line["rule"] for line in lines], ["alt-missing", "image-not-found"])
        self.assertEqual(lines[0]["range"]["start"], {"line": 2, "character": 0})

    def test_sarif_is_valid(self):
        done = self.run_lint("a.md", "--budget", "32", "--format", "sarif", status=1)
        log = Sarif.model_validate_json(done.stdout)
        self.assertEqual(log.runs[0].tool.driver.name, "fixlipd")
        self.assertEqual([r.ruleId for r in log.runs[0].results][:2], ["word-against-image", "alt-missing"])

    def test_github(self):
        done = self.run_lint("a.md", "--no-model", "--format", "github", status=1)
        self.assertIn(
            "::warning file=a.md,line=3,endLine=3,col=1,endColumn=18,title=alt-missing::The image has no", done.stdout
        )

    def test_what_fails(self):
        (self.folder / "b.md").write_text("![](scene-01.png)\n")
        self.run_lint("b.md", "--no-model", status=1)
        self.run_lint("b.md", "--no-model", "--fail-on", "error", status=0)
        self.run_lint("b.md", "--no-model", "--rule", "alt-missing=error", "--fail-on", "error", status=1)
        self.run_lint("b.md", "--no-model", "--rule", "alt-missing=off", status=0)
        self.run_lint("b.md", "--no-model", "--fail-on", "never", status=0)

    def test_a_baseline_accepts_what_is_there(self):
        self.run_lint("a.md", "--no-model", "--write-baseline", "baseline.json", status=0)
        done = self.run_lint("a.md", "--no-model", "--baseline", "baseline.json", status=0)
        self.assertEqual(done.stdout, "")
        (self.folder / "a.md").write_text("\n\n" + DOCUMENT + "\n![](scene-03.png)\n")
        done = self.run_lint("a.md", "--no-model", "--baseline", "baseline.json", status=1)
        self.assertEqual(done.stdout.count("\n"), 1)
        self.assertIn("a.md:9:1", done.stdout)

    def test_settings_of_the_project(self):
        (self.folder / ".fixlip.toml").write_text('[rules]\nalt-missing = "off"\nimage-not-found = "hint"\n')
        self.run_lint("a.md", "--no-model", status=0)
        (self.folder / ".fixlip.toml").unlink()
        (self.folder / "pyproject.toml").write_text('[tool.fixlip.rules]\nimage-not-found = "off"\n')
        self.assertNotIn("not-found", self.run_lint("a.md", "--no-model", status=1).stdout)
        for text, words in (
            ("[rules\n", ".fixlip.toml:"),
            ('[rules]\nnonsense = "off"\n', "there is no rule 'nonsense'"),
            ('[rules]\nalt-missing = "loud"\n', "'alt-missing' must be"),
            ("modle = 1\n", "there is no setting 'modle'"),
        ):
            (self.folder / ".fixlip.toml").write_text(text)
            self.assertIn(words, self.run_lint("a.md", "--no-model", status=1).stderr)

    def test_folders_without_what_git_ignores(self):
        (self.folder / "sub").mkdir()
        for name in ("sub/b.md", "sub/ignored.md", "other.txt"):
            (self.folder / name).write_text("![](nowhere.png)\n")
        (self.folder / ".gitignore").write_text("ignored.md\n")
        found = self.run_lint(".", "--no-model", status=1).stdout
        self.assertIn("ignored.md", found)
        subprocess.run(["git", "init", "-q"], cwd=self.folder, check=True)
        found = self.run_lint(".", "--no-model", status=1).stdout
        self.assertIn("sub/b.md:1:1", found)
        self.assertNotIn("ignored.md", found)
        self.assertNotIn("other.txt", found)

    def test_a_model_that_cannot_be_had(self):
        done = self.run_lint("a.md", "--model", "no/such-model", status=2)
        self.assertEqual(done.stderr.count("no/such-model"), done.stderr.splitlines()[-1].count("no/such-model"))
        self.assertIn("alt-missing", done.stdout)

    def test_bad_input(self):
        for arguments, words in (
            (["nowhere.md"], "there is no such file or folder"),
            (["scene-01.png"], "captions are looked for in files that end with"),
            (["a.md", "--rule", "nonsense=off"], "nonsense=off"),
            (["a.md", "--baseline", "a.md"], "JSON"),
            (["a.md", "--budget", "1"], "--budget must be"),
        ):
            done = subprocess.run(
                [PROGRAM, "lint", "--no-model", *arguments],
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertIn(words, done.stderr, arguments)

    def test_evidence(self):
        self.run_lint("a.md", "--budget", "32", "--evidence", "e.jsonl", status=1)
        lines = [json.loads(line) for line in (self.folder / "e.jsonl").read_text().splitlines()]
        self.assertEqual([line["caption"] for line in lines], ["a postbox next to a whale"])
        self.assertEqual([word["text"] for word in lines[0]["words"]], ["a", "postbox", "next", "to", "a", "whale"])


if __name__ == "__main__":
    unittest.main()
