"""What a reader asks the page of an explanation, with the pointer and with keys; run by tools/test/page-events."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FIXLIPD") or str(ROOT / ".build/release/fixlipd")
SCENE = ROOT / "models/demo/scenes/scene-01.png"


class Page:
    def __init__(self, file, width):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for argument in ("--headless=new", "--no-sandbox", f"--window-size={width},1400"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.get(f"file://{file}")

    def shown(self, selector):
        return [element for element in self.driver.find_elements("css selector", selector) if element.is_displayed()]

    def do(self):
        return ActionChains(self.driver)

    def word(self, text):
        return next(word for word in self.shown("ruby") if word.text.split("\n")[0] == text)

    def answer(self):
        return self.driver.find_element("css selector", ".ask .note").text

    def live(self):
        """How many shapes and pictures the script has drawn."""
        return len(self.driver.find_elements("css selector", ".live > *"))

    def drawn(self, kind):
        """How many of a kind of element the script has drawn in the figure that is shown."""
        return max(len(layer.find_elements("css selector", kind)) for layer in self.shown(".live"))

    def numbers(self):
        """The logits that the page names."""
        return [float(text.replace("\u2212", "-")) for text in re.findall("[\u2212-]?[0-9]+[.][0-9]+", self.answer())]


def reader(page):
    """Each thing that a reader does, with whether the page answered."""
    dog, guitar, heading = page.word("dog"), page.word("guitar"), page.shown("h2")[0]
    yield "at first the page's own map is shown", page.live() == 0 and page.answer() == ""
    page.do().move_to_element(dog).perform()
    yield "pointing at a word shows its map", page.answer().startswith("dog: strongest at row ") and page.live() > 0
    page.do().move_to_element(heading).perform()
    yield "leaving it lets go", page.answer() == "" and page.live() == 0
    page.do().click(dog).move_to_element(heading).perform()
    yield "a click keeps the word", page.answer().startswith("dog:") and dog.get_attribute("aria-pressed") == "true"
    page.do().click(guitar).move_to_element(heading).perform()
    yield "a second word is added", page.answer().startswith("dog + guitar:")
    page.do().click(dog).move_to_element(heading).perform()
    yield "a click on a kept word lets it go", page.answer().startswith("guitar:")
    page.do().send_keys(Keys.ESCAPE).perform()
    yield "Escape lets all go", page.answer() == "" and page.live() == 0
    area = page.shown(".touch")[0]
    page.do().click(area).perform()
    yield "a click on a patch asks about it", page.answer().startswith("row 4, column 4,") and "guitar" in page.answer()
    page.do().send_keys(Keys.ARROW_DOWN, Keys.ARROW_LEFT).perform()
    yield "arrow keys go from patch to patch", page.answer().startswith("row 5, column 3,")
    page.do().click(area).click(area).perform()
    yield "a second click lets the patch go", page.answer() == ""
    # A box from the middle to the lower right corner: rows and columns 4 to 7 of 7.
    width, height = area.size["width"], area.size["height"]
    page.do().move_to_element(area).click_and_hold().move_by_offset(
        int(width / 2) - 3, int(height / 2) - 3
    ).release().perform()
    boxed = page.answer()
    yield "dragging a box asks about its patches", boxed.startswith("16 patches: ") and len(page.numbers()) == 3
    alone, without, whole = page.numbers() if len(page.numbers()) == 3 else (0, 0, 0)
    yield (
        "the region of the guitar alone is worth less than all, and so are all without it",
        (alone < whole and without < whole),
    )
    page.do().send_keys(Keys.ESCAPE).perform()
    yield "Escape lets the box go", page.answer() == ""
    page.do().click(area).perform()
    page.do().key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN).key_up(Keys.SHIFT).perform()
    yield "Shift with the arrow keys asks about a region", page.answer().startswith("4 patches: ")
    page.do().send_keys(Keys.ESCAPE).perform()
    cells = page.driver.find_element("css selector", ".ask .cells")
    cells.click()
    yield "the map is drawn patch by patch on request", page.drawn("image") == 0 and page.drawn("path") >= 49
    cells.click()
    yield "and smooth again", page.live() == 0
    page.do().move_to_element(dog).perform()
    yield "a word's map is smooth", page.drawn("image") == 1
    page.do().move_to_element(heading).perform()
    strength = page.driver.find_element("css selector", ".ask .strength")
    strength.send_keys(Keys.HOME)
    yield (
        "the reader sets the strength of the map",
        {heat.get_attribute("opacity") for heat in page.driver.find_elements("css selector", ".heat")} == {"0"},
    )
    strength.send_keys(Keys.END)
    page.do().send_keys(Keys.ESCAPE).perform()
    rows = page.shown(".row")
    page.driver.execute_script("arguments[0].focus()", rows[1])
    page.do().send_keys(Keys.ENTER).perform()
    yield "Enter keeps the word that has the focus", page.answer().startswith("dog:")
    page.do().send_keys(Keys.ESCAPE).perform()
    slider = page.driver.find_element("css selector", ".ask .limit")
    slider.click()
    slider.send_keys(Keys.END)
    output = page.driver.find_element("css selector", ".ask output").text
    yield "the slider hides what is within its error", output == "4" and page.live() > 0
    yield "nothing went wrong in the script", page.driver.get_log("browser") == []


def main():
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        print("skipped: chromium and chromedriver are not installed")
        print("1 passed, 0 failed")
        return 0
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o700)
        environment = dict(
            os.environ, FIXLIPD_SOCKET=f"{folder}/f.sock", FIXLIPD_MODELS=str(ROOT / "models"), HOME=folder
        )
        file = pathlib.Path(folder) / "page.html"
        explain = [PROGRAM, "explain", str(SCENE), "a dog next to a guitar", "--html", str(file)]
        subprocess.run(explain, env=environment, check=True, capture_output=True, timeout=120)
        try:
            for width in (1200, 500):
                page = Page(file, width)
                for name, fine in reader(page):
                    passed, failed = passed + fine, failed + (not fine)
                    if not fine:
                        print(f"FAILED at {width} pixels: {name}; the page says {page.answer()!r}")
                page.driver.quit()
        finally:
            subprocess.run([PROGRAM, "stop", "--no-spawn"], env=environment, check=False, capture_output=True)
    print(f"{passed} passed, {failed} failed")
    return bool(failed)


sys.exit(main())
