#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens report pages in a browser as people do: is everything readable, and do the tables sort?

    python3 Tests/Figures/pages.py [--binary PATH] [--shots FOLDER] [FILE.html | FOLDER]...

Without arguments it takes the pages of reports/ and those of a job of 4,096 ranks, of one with
hostile host names, of profiles, and of comparisons of these. Checked of each in headless Chromium, light and dark:

- the console is silent, the policy's verdict on styles and scripts included, and nothing is loaded
  but the page;
- every text has a contrast of 4.5:1 against what is behind it;
- at 1200 and 400 pixels nothing but figures and tables is wider than the window, and these scroll;
- a click on a table's header sorts it by that column, a second one the other way, unknown last;
- without a script all words are there;
- printed, it is readable on light paper, also from a dark screen.

A page with known faults must be found faulty first. The exit status is 1 when anything is.
"""

import argparse
import base64
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import overlap  # noqa: E402

READ = r"""
((width, smallest) => {
  const faults = [];
  const channels = color => {
    const found = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(color);
    return found && {rgb: found.slice(1, 4).map(Number), alpha: Number(found[4] ?? 1)};
  };
  const luminance = rgb => {
    const [r, g, b] = rgb.map(c => c / 255)
      .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const seen = new Set();
  for (const element of document.body.querySelectorAll('*')) {
    // Figures have a test of their own.
    if (element.closest('svg, script')) continue;
    if (![...element.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const style = getComputedStyle(element);
    let behind = element;
    while (behind && !(channels(getComputedStyle(behind).backgroundColor)?.alpha > 0)) {
      behind = behind.parentElement;
    }
    if (!behind) return ['has no background of its own'];
    const paper = channels(getComputedStyle(behind).backgroundColor).rgb;
    const ratio = contrast(channels(style.color).rgb, paper);
    const kind = element.tagName + '.' + element.className;
    if (ratio < 4.5 && !seen.has(kind)) {
      seen.add(kind);
      faults.push(`${kind} has a contrast of ${ratio.toFixed(2)}:1`);
    }
    if (parseFloat(style.fontSize) < smallest && !seen.has(kind)) {
      seen.add(kind);
      faults.push(`${kind} has letters of ${style.fontSize}`);
    }
  }
  const wide = document.scrollingElement.scrollWidth;
  if (wide > width) faults.push(`is ${wide} px wide in a window of ${width} px`);
  const foreign = performance.getEntriesByType('resource').map(entry => entry.name);
  if (foreign.length) faults.push(`loads ${foreign[0]}`);
  return faults;
})
"""

SORT = r"""
(() => {
  const faults = [];
  let clicks = 0;
  for (const table of document.querySelectorAll('table.sorts')) {
    const heads = [...table.tHead.rows[0].cells];
    const name = table.closest('section').id;
    const total = table.tBodies[0].rows.length;
    heads.forEach((head, column) => {
      const button = head.querySelector('button');
      if (!button) { faults.push(`${name}: column ${column} has no button`); return; }
      const isNumber = head.classList.contains('n');
      const values = () => [...table.tBodies[0].rows].map(row => {
        const cell = row.cells[column];
        const text = cell.title || cell.textContent;
        return text === '' ? null : isNumber ? Number(text.replace(/,/g, '').split(' ')[0]) : text;
      });
      const orders = [];
      for (let turn = 0; turn < 2; turn += 1) {
        button.click();
        clicks += 1;
        const order = head.getAttribute('aria-sort');
        orders.push(order);
        const found = values();
        if (found.length !== total) faults.push(`${name}: sorting lost rows`);
        const known = found.filter(value => value !== null);
        if (found.slice(0, known.length).includes(null)) faults.push(`${name}: unknown is not last`);
        for (let i = 1; i < known.length; i += 1) {
          const [a, b] = order === 'ascending' ? [known[i - 1], known[i]] : [known[i], known[i - 1]];
          if (!(a <= b)) {
            faults.push(`${name}: ${head.textContent} is not sorted (${known[i - 1]}, ${known[i]})`);
            break;
          }
        }
      }
      if (orders.sort().join() !== 'ascending,descending') {
        faults.push(`${name}: ${head.textContent} sorts ${orders}`);
      }
    });
  }
  return {faults, clicks};
})()
"""

FAULTY = """<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{background:#fff} p{color:#bbb;background:#fff} div{width:1500px}</style></head><body><p>pale</p><div>wide</div>
<section id="s"><table class="sorts"><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr>
</tbody></table></section><script>document.title = "runs"</script></body></html>"""


# A sheet of A4 across, less its margins, in pixels of CSS.
PAPER = 1032


class Pages(overlap.Browser):
    """The browser, looking at files instead of figures."""

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", returnByValue=True, expression=expression)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def widen(self, width):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=width < 600)

    def open(self, path, width):
        self.widen(width)
        self.complaints = []
        self.call("Page.navigate", url=path.resolve().as_uri())
        while True:
            message = self.next_message()
            self.note(message)
            if message.get("method") == "Page.loadEventFired":
                return

    def picture(self, path, width):
        height = self.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, 12_000), "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", clip=clip,
                         captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))


def look(browser, name, path, shots):
    faults = []
    words = {}
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        for width in (1200, 400):
            browser.open(path, width)
            where = f"{name}, {scheme}, {width} px"
            faults += [f"{where}: {one}" for one in browser.evaluate(f"{READ}({width}, 11)")]
            words[where] = browser.evaluate("document.body.textContent")
            if shots:
                browser.picture(shots / f"{name.replace('/', '-')}.{scheme}.{width}.png", width)
            sorted_tables = browser.evaluate(SORT)
            faults += [f"{where}: {one}" for one in sorted_tables["faults"]]
            if not sorted_tables["clicks"]:
                faults.append(f"{where}: there is no table to sort")
            faults += [f"{where}: console: {one}" for one in browser.complaints]
        # As a browser that keeps a dark scheme on paper would print; Chromium does not.
        browser.scheme(scheme, "print")
        browser.widen(PAPER)
        faults += [
            f"{name}, {scheme}, printed: {one}" for one in browser.evaluate(f"{READ}({PAPER}, 9)")]
        if shots:
            browser.picture(shots / f"{name.replace('/', '-')}.{scheme}.print.png", PAPER)
            printed = browser.call("Page.printToPDF", printBackground=False)["data"]
            (shots / f"{name.replace('/', '-')}.{scheme}.pdf").write_bytes(base64.b64decode(printed))
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(path, 1200)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    words["without a script"] = browser.evaluate("document.body.textContent")
    if len(set(words.values())) > 1:
        faults.append(f"{name}: the words depend on the script, the scheme or the width")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=overlap.ROOT / ".build/optimized/release/commlens")
    parser.add_argument("--shots", type=Path, help="also write PNG and PDF of every page here")
    parser.add_argument("pages", nargs="*", type=Path, metavar="FILE.html | FOLDER")
    options = parser.parse_args()
    program = next((found for name in overlap.BROWSERS if (found := shutil.which(name))), None)
    if not program:
        print("SKIPPED  pages were not looked at: no Chromium is installed (apt-get install chromium).")
        return 0
    if not options.pages and not os.access(options.binary, os.X_OK):
        parser.error(f"{options.binary} does not exist; run `swift build -c release` first")
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)

    began = time.monotonic()
    workshop = overlap.Workshop(options.binary.resolve())
    browser = Pages(program)
    try:
        faulty = workshop.scratch / "faulty.html"
        faulty.write_text(FAULTY)
        found = " ".join(look(browser, "faulty", faulty, None))
        faults = [
            f"self-check: {fault!r} was not found in {found}"
            for fault in ("light, 1200 px: P. has a contrast", "printed: P. has a contrast",
                          "px wide in a window of 400", "no button", "console", "no table to sort")
            if fault not in found]
        for path in options.pages or [overlap.ROOT / "reports", workshop.scratch]:
            if path == workshop.scratch:
                draw(workshop)
            pages = sorted(path.rglob("report.html")) if path.is_dir() else [path]
            if not pages:
                faults.append(f"{path} has no page")
            for page in pages:
                faults += look(browser, f"{page.parent.name}", page, options.shots)
        faults += workshop.faults
    finally:
        browser.close()
        shutil.rmtree(workshop.scratch, ignore_errors=True)
    for fault in faults[:100]:
        print(f"FAIL  {fault}")
    print(f"pages: {len(faults)} faults  [{time.monotonic() - began:.1f} s]")
    return 1 if faults else 0


def draw(workshop):
    """Pages of jobs made to be hard."""
    long = "ip-10-{}-very-long-host-name.eu-central-1.compute.internal.example.org".format
    hostile = "<img/src=x/onerror=alert(1)>&'\"<script>alert({})</script>".format
    workshop.job("4096-ranks", overlap.job_log(4096, 8, long, [(8, 1), (512, 8)]))
    workshop.job("hostile", overlap.job_log(32, 8, hostile, [(8, 1), (4, 8)]))
    workshop.profiles("profiles-8", 8, [("TENSOR_MODEL_PARALLEL_GROUP", 2, 1)], 3, 120)
    workshop.run("load", "analyze", overlap.ROOT / "traces/megatron-tp2-pp2-dp2", "--topology",
                 overlap.ROOT / "Fixtures/topology/vm-4gpu.xml")
    traces = sorted(path for path in (overlap.ROOT / "traces").iterdir() if path.is_dir())
    workshop.run("compare-traces", "compare", *traces, "--per", "run", "--job",
                 f"vllm-tp4={overlap.ROOT / 'Fixtures/jobs/s1-vllm-tp4-2.18.5.yaml'}",
                 "--fail-on", "tp.bytes>+5%,*.decode.bytes>1GiB,time>1s,findings<9")
    workshop.run("compare-many", "compare", *(
        f"{number} a very long name of a run & <b>more</b>{'e' * 20}=" + str(traces[number % 6])
        for number in range(16)))
    workshop.run("compare-hard", "compare", *(
        f"<img src onerror {name}>={workshop.scratch / name}"
        for name in ("hostile", "4096-ranks", "profiles-8", "load")))


if __name__ == "__main__":
    sys.exit(main())
