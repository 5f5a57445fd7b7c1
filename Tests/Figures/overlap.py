#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at figures in a browser: do labels overlap, leave the canvas, or vanish into what is behind?

    python3 Tests/Figures/overlap.py [--binary PATH] [--shots FOLDER] [FILE.svg | FOLDER]...

Without arguments it takes every figure of reports/, those that the unit tests wrote into
.build/figures (`make unit`), those that the built binary draws for the
machines of Fixtures/ with and without traffic and for its traces with times, and those of jobs,
profiles and machines made to be hard. Each
is laid out twice by one headless Chromium, started once: in light mode with the fonts that the
figure asks for, in dark mode with DejaVu Sans, the widest fallback. Checked of every text are

- its ink (from 0.75 em above the baseline to 0.2 em below, turned as the text is) against the view
  box, and, with 0.1 em more at both ends, against that of every other text;
- its computed colour against the colours behind its start, middle and end, which must differ by
  4.5:1 (WCAG 2); behind is what was painted before: shapes, patterns (every colour in them), or the
  halo of the text itself;

and of every figure that it is XML and that the browser reports no error or warning. Before that,
pictures with one known fault each must be found faulty. The exit status is 1 when anything is.
"""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
WIDEST = "'DejaVu Sans', sans-serif"

# --- The browser ----------------------------------------------------------------------------------

MEASURE = r"""
(source, font) => {
  const faults = [];
  document.body.replaceChildren();
  const parsed = new DOMParser().parseFromString(source, 'image/svg+xml');
  if (parsed.querySelector('parsererror')) return ['is not well-formed XML'];
  const host = document.body.appendChild(document.createElement('div'));
  // A shadow root keeps the style sheet of one figure away from the next.
  const svg = host.attachShadow({mode: 'open'})
    .appendChild(document.importNode(parsed.documentElement, true));
  svg.style.display = 'block';
  if (font) svg.setAttribute('font-family', font);
  const page = svg.getScreenCTM();
  const box = svg.viewBox.baseVal;
  const quote = text => '"' + (text.length > 60 ? text.slice(0, 57) + '...' : text) + '"';

  // --- Where the ink is.
  // In the order of painting: what stands before a text is behind it.
  const [texts, shapes] = [[], []];
  for (const element of svg.querySelectorAll('text, rect, path, circle')) {
    if (element.closest('defs')) continue;
    const style = getComputedStyle(element);
    if (element.tagName !== 'text') {
      if (style.fill !== 'none') shapes.push({element, style});
      continue;
    }
    if (!element.getNumberOfChars()) continue;
    const size = parseFloat(style.fontSize);
    const line = element.getBBox();
    const base = element.getStartPositionOfChar(0).y;
    const matrix = page.inverse().multiply(element.getScreenCTM());
    const at = (x, y) => new DOMPoint(x, y).matrixTransform(matrix);
    const [left, right, top, bottom] =
      [line.x, line.x + line.width, base - 0.75 * size, base + 0.2 * size];
    const corners = gap => [at(left - gap, top), at(right + gap, top),
                            at(right + gap, bottom), at(left - gap, bottom)];
    const quad = corners(0.1 * size);
    const [across, down] = [quad.map(p => p.x), quad.map(p => p.y)];
    texts.push({
      style, text: element.textContent, ink: corners(0), quad, behind: shapes.length,
      bounds: [Math.min(...across), Math.max(...across), Math.min(...down), Math.max(...down)],
      samples: [0.04, 0.5, 0.96].map(part => at(left + part * line.width, base - 0.3 * size)),
    });
  }
  const extent = (quad, axis) => {
    const along = quad.map(p => p.x * axis.x + p.y * axis.y);
    return [Math.min(...along), Math.max(...along)];
  };
  // How deep two turned boxes are in each other: 0 when some line separates them.
  const depth = (a, b) => {
    let least = Infinity;
    for (const quad of [a, b]) {
      for (const [from, to] of [[0, 1], [1, 2]]) {
        const edge = {x: quad[to].x - quad[from].x, y: quad[to].y - quad[from].y};
        const length = Math.hypot(edge.x, edge.y) || 1;
        const axis = {x: -edge.y / length, y: edge.x / length};
        const [p, q] = [extent(a, axis), extent(b, axis)];
        least = Math.min(least, Math.min(p[1], q[1]) - Math.max(p[0], q[0]));
      }
    }
    return least;
  };
  texts.forEach((one, index) => {
    if (one.ink.some(p => p.x < box.x - 0.01 || p.x > box.x + box.width + 0.01
                        || p.y < box.y - 0.01 || p.y > box.y + box.height + 0.01)) {
      faults.push(`${quote(one.text)} leaves the canvas`);
    }
    const [left, right, top, bottom] = one.bounds;
    for (const other of texts.slice(index + 1)) {
      const b = other.bounds;
      if (b[0] >= right || b[1] <= left || b[2] >= bottom || b[3] <= top) continue;
      const deep = depth(one.quad, other.quad);
      if (deep > 0.5) {
        faults.push(`${quote(one.text)} overlaps ${quote(other.text)} by ${deep.toFixed(1)} px`);
      }
    }
  });

  // --- What is behind it.
  const channels = color => {
    const found = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(color);
    return found && {rgb: found.slice(1, 4).map(Number), alpha: Number(found[4] ?? 1)};
  };
  const over = (color, alpha, below) => color.map((c, i) => c * alpha + below[i] * (1 - alpha));
  const luminance = rgb => {
    const [r, g, b] = rgb.map(c => c / 255)
      .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  for (const shape of shapes) {
    const {element, style} = shape;
    const pattern = /url\("?#([^")]+)"?\)/.exec(style.fill);
    shape.colors = [];
    if (pattern) {
      for (const part of svg.querySelector('#' + CSS.escape(pattern[1]))?.children ?? []) {
        for (const color of [getComputedStyle(part).fill, getComputedStyle(part).stroke]) {
          if (channels(color)) shape.colors.push(channels(color));
        }
      }
    } else if (channels(style.fill)) {
      shape.colors.push(channels(style.fill));
    }
    if (!shape.colors.length) {
      faults.push(`${element.outerHTML.slice(0, 80)} has a fill without colour`);
    }
    shape.bounds = element.getBBox();
    shape.alpha = parseFloat(style.fillOpacity) * parseFloat(style.opacity);
    shape.inverse = element.getScreenCTM().inverse().multiply(page);
  }
  const isInside = (shape, point) => {
    const own = point.matrixTransform(shape.inverse);
    const b = shape.bounds;
    return own.x >= b.x && own.x <= b.x + b.width && own.y >= b.y && own.y <= b.y + b.height
      && (shape.element.tagName === 'rect' || shape.element.isPointInFill(own));
  };
  const behind = (count, point) => {
    let colors = [[255, 255, 255]];
    for (const shape of shapes.slice(0, count)) {
      if (!isInside(shape, point)) continue;
      colors = shape.colors.flatMap(
        color => colors.map(below => over(color.rgb, color.alpha * shape.alpha, below)));
    }
    return colors;
  };
  for (const {style, text, samples, behind: count} of texts) {
    const ink = channels(style.fill);
    if (!ink) { faults.push(`${quote(text)} has no colour`); continue; }
    const hasHalo = style.paintOrder.startsWith('stroke') && channels(style.stroke)
      && parseFloat(style.strokeWidth) >= 2;
    const seen = samples.filter(p => p.x >= box.x && p.x <= box.x + box.width
                                  && p.y >= box.y && p.y <= box.y + box.height);
    const worst = seen.map(point => {
      const colors = hasHalo ? [channels(style.stroke).rgb] : behind(count, point);
      return Math.min(...colors.map(color => contrast(over(ink.rgb, ink.alpha, color), color)));
    }).reduce((a, b) => Math.min(a, b), 21);
    if (worst < 4.5) faults.push(`${quote(text)} has a contrast of ${worst.toFixed(2)}:1`);
  }
  return faults;
}
"""


class Browser:
    """A headless Chromium, spoken to in its DevTools protocol over a pair of pipes."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="commlens-browser-")
        to_read, self.to = os.pipe()
        self.back, back_write = os.pipe()

        def connect():
            # The protocol's pipes are descriptors 3 and 4; either may be in the way of the other.
            reader, writer = os.dup(to_read), os.dup(back_write)
            high = [os.dup(reader), os.dup(writer)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
             "--force-color-profile=srgb", f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=connect, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(back_write)
        self.buffer = b""
        self.number = 0
        self.complaints = []
        self.session = None
        pages = self.call("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in pages if one["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while True:
            answer = self.next_message()
            self.note(answer)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def next_message(self):
        while b"\0" not in self.buffer:
            data = os.read(self.back, 1 << 16)
            if not data:
                raise RuntimeError(f"the browser ended with status {self.process.wait()}")
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def note(self, message):
        """Keeps what a person would see as a warning or error in the console."""
        kind, told = message.get("method"), message.get("params", {})
        if kind == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.complaints.append(told["entry"]["text"])
        elif kind == "Runtime.exceptionThrown":
            self.complaints.append(told["exceptionDetails"]["text"])
        elif kind == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(a.get("value")) for a in told["args"]))

    def scheme(self, name, media="screen"):
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": name}])

    def faults(self, source, font=None):
        """What is wrong with a figure in the present colour scheme, and what the console says."""
        self.complaints = []
        answer = self.call(
            "Runtime.evaluate", returnByValue=True,
            expression=f"({MEASURE})({json.dumps(source)}, {json.dumps(font)})")
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"]["value"] + [f"console: {one}" for one in self.complaints]

    def shot(self, path):
        """Draws the figure that was measured last into a PNG, at twice its size."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": 760, "height": size["height"], "scale": 2}
        picture = self.call(
            "Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        for descriptor in (self.to, self.back):
            os.close(descriptor)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


# --- The check of the checks ----------------------------------------------------------------------


def picture(body, dark=".paper{fill:#000} text{fill:#fff}"):
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" width="200" height="100" '
        'font-family="DejaVu Sans" font-size="10"><style>.paper{fill:#fff} text{fill:#000}'
        f'@media (prefers-color-scheme: dark){{{dark}}}</style>'
        f'<rect class="paper" width="200" height="100"/>{body}</svg>')


# A picture, and the fault it must be found to have in light and in dark mode; none if empty.
KNOWN = {
    "clean": (picture('<text x="10" y="20">one</text><text x="10" y="32">two</text>'), "", ""),
    "overlap": (
        picture('<text x="10" y="20">one</text><text x="20" y="24">two</text>'),
        "overlaps", "overlaps"),
    "numbers that run together": (
        picture('<text x="10" y="20">10</text><text x="23" y="20">11</text>'),
        "overlaps", "overlaps"),
    "right edge": (picture('<text x="190" y="20">one</text>'), "leaves", "leaves"),
    "upper edge": (picture('<text x="10" y="5">one</text>'), "leaves", "leaves"),
    "upright over level": (
        picture('<text x="10" y="40">a longer text</text>'
                '<g transform="translate(50 60) rotate(-90)"><text>upright</text></g>'),
        "overlaps", "overlaps"),
    "upright out of the canvas": (
        picture('<g transform="translate(50 30) rotate(-90)"><text>too long for this</text></g>'),
        "leaves", "leaves"),
    # Their bounding boxes share most of their area, their ink nothing.
    "turned, apart": (
        picture('<g transform="rotate(30 20 20)"><text x="20" y="20">turned text</text>'
                '<text x="20" y="34">turned text</text></g>'), "", ""),
    "pale in dark mode": (
        picture('<text x="10" y="20">one</text>', dark=".paper{fill:#000} text{fill:#444}"),
        "", "contrast"),
    "dark on a dark box": (
        picture('<rect x="5" y="5" width="60" height="30" style="fill:#333"/>'
                '<text x="10" y="20">one</text>', dark=""), "contrast", "contrast"),
    "on a box that ends too soon": (
        picture('<rect x="5" y="5" width="20" height="30" style="fill:#000"/>'
                '<text x="10" y="20" style="fill:#fff">a long text</text>', dark=""),
        "contrast", "contrast"),
    "a halo on a dark box": (
        picture('<rect x="5" y="5" width="60" height="30" style="fill:#333"/><text x="10" y="20" '
                'style="fill:#000;stroke:#fff;stroke-width:3px;paint-order:stroke">one</text>',
                dark=""), "", ""),
    "a negative width": (picture('<rect width="-5" height="5"/>'), "console", "console"),
    "not XML": (picture('<text x="10" y="20">a & b</text>'), "well-formed", "well-formed"),
}


def self_check(browser):
    """Returns how the browser's verdict on a known picture differs from the known one."""
    wrong = []
    for place, scheme in enumerate(("light", "dark")):
        browser.scheme(scheme)
        for name, (source, *expected) in KNOWN.items():
            found = browser.faults(source)
            met = bool(found) == bool(expected[place])
            if not met or not all(expected[place] in one for one in found):
                wrong.append(f"{name}, {scheme}: expected {expected[place] or 'nothing'}, {found}")
    return wrong


# --- Figures --------------------------------------------------------------------------------------


def job_log(ranks, per_node, host, axes=(), buses=None):
    """What NCCL writes for a job whose groups of each axis (size, stride) and world all-reduce."""
    lines = []
    groups = [tuple(range(ranks))]
    for size, stride in axes:
        groups += [
            tuple(first + stride * k for k in range(size))
            for first in range(ranks) if first // stride % size == 0]
    for number, group in enumerate(groups):
        for place, rank in enumerate(group):
            gpu = rank % per_node
            head = f"{host(rank // per_node)}:{4000 + rank}:{4000 + rank} [{gpu}] NCCL INFO "
            comm = f"0x55af{number:04x}{rank:04x}0"
            bus = buses[gpu] if buses else f"{0x1B + 8 * gpu:x}000"
            fields = (
                f"ncclCommInitRank comm {comm} rank {place} nranks {len(group)} cudaDev {gpu} "
                f"nvmlDev {gpu} busId {bus} commId 0x{0xBBC2E93A810C0000 + number:x}")
            lines += [head + fields + " - Init START", head + fields + " - Init COMPLETE"]
            for index in range(3):
                lines.append(
                    f"{head}AllReduce: opCount {index:x} sendbuff 0x7f7015e00000 recvbuff "
                    f"0x7f7015e00000 count {(1 << 12 + 6 * index) + number} datatype 7 op 0 root 0 "
                    f"comm {comm} [nranks={len(group)}] stream 0x55afc5f4bd60")
    return "\n".join(lines) + "\n"


def profile(rank, ranks, axes, steps, calls, step_name="ProfilerStep#{}".format):
    """What PyTorch's profiler writes for one rank: steps, and kernels of groups of (size, stride)."""
    groups = [("0", "default_pg", list(range(ranks)))]
    for number, (purpose, size, stride) in enumerate(axes):
        first = rank - rank // stride % size * stride
        groups.append((str(number + 1), purpose, [first + stride * k for k in range(size)]))
    events = []

    def event(category, name, start, duration, **arguments):
        events.append({"ph": "X", "cat": category, "name": name, "pid": 0, "tid": 7,
                       "ts": 1_700_000_000_000_000 + start, "dur": duration, "args": arguments})

    for step in range(steps):
        begin = step * 20_000
        event("user_annotation", step_name(step), begin, 19_500)
        for index in range(calls):
            name, purpose, members = groups[index % len(groups)]
            event("kernel", "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)",
                  begin + 500 + index * 18_000 // calls + rank, max(1, 9_000 // calls) * (1 + index % 4),
                  **{"Collective name": "allreduce", "In msg nelems": 1 << 12 + index % 9,
                     "Out msg nelems": 1 << 12 + index % 9, "Group size": len(members),
                     "dtype": "BFloat16", "Process Group Name": name, "Seq": step * calls + index,
                     "Process Group Description": purpose, "Process Group Ranks": str(members)})
    return json.dumps({
        "schemaVersion": 1, "distributedInfo": {
            "backend": "nccl", "rank": rank, "world_size": ranks, "pg_config": [
                {"pg_name": name, "pg_desc": purpose, "pg_size": len(members), "ranks": members}
                for name, purpose, members in groups]},
        "traceEvents": events})


def machine(nodes, switches, gpus, nets, name="mlx5"):
    """A topology as NCCL dumps it: NUMA nodes with PCIe switches with GPUs and NICs."""
    counts = {"bus": 0, "gpu": 0, "net": 0}

    def next_of(kind):
        counts[kind] += 1
        return counts[kind] - 1

    def pci(kind, inside):
        bus = 0x10 + next_of("bus")
        return (f'<pci busid="{bus >> 8:04x}:{bus & 255:02x}:00.0" class="{kind}" '
                f'link_speed="32.0 GT/s PCIe" link_width="16">{inside}</pci>')

    def gpu():
        number = next_of("gpu")
        return pci("0x030200", f'<gpu dev="{number}" sm="90" rank="{number}" gdr="1"><nvlink '
                               'target="f" count="18" tclass="0x068000"/></gpu>')

    def net():
        number = next_of("net")
        return pci("0x020700", f'<nic><net name="{name}_{number}" dev="{number}" speed="400000" '
                               'gdr="1"/></nic>')

    text = '<system version="1">'
    for node in range(nodes):
        text += f'<cpu numaid="{node}" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="143">'
        for _ in range(switches):
            text += pci("0x060400", "".join(gpu() for _ in range(gpus))
                        + "".join(net() for _ in range(nets)))
        text += "</cpu>"
    return text + "</system>"


def buses(xml):
    """The PCI addresses of a topology's GPUs as NCCL's log writes them, in order of `dev`."""
    import re
    found = re.findall(r'<pci busid="([0-9a-fA-F:.]+)"[^>]*>\s*<gpu dev="(\d+)"', xml)
    # 0000:1b:00.0 is 1b000 in the log.
    return [bus.replace(":", "").replace(".", "").lstrip("0") or "0"
            for bus, _ in sorted(found, key=lambda one: int(one[1]))]


class Workshop:
    """Draws figures with the built binary."""

    def __init__(self, binary):
        self.binary = binary
        self.scratch = Path(tempfile.mkdtemp(prefix="commlens-figures-"))
        self.figures = []
        self.faults = []

    def run(self, name, *arguments):
        folder = self.scratch / name
        began = time.monotonic()
        try:
            done = subprocess.run(
                [self.binary, *map(str, arguments), "-q", "-o", folder], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
        except subprocess.TimeoutExpired:
            self.faults.append(f"{name}: not drawn within 60 s")
            return time.monotonic() - began
        if done.returncode not in (0, 1):
            self.faults.append(f"{name}: status {done.returncode}: {done.stderr[-300:]!r}")
        self.figures += [(f"{name}/{path.name}", path) for path in sorted(folder.glob("*.svg"))]
        return time.monotonic() - began

    def job(self, name, log, *arguments):
        path = self.scratch / f"{name}.log"
        path.write_text(log)
        return self.run(name, "analyze", path, *arguments)

    def profiles(self, name, ranks, axes, *shape, arguments=(), **options):
        folder = self.scratch / f"{name}-profiles"
        folder.mkdir()
        for rank in range(ranks):
            (folder / f"rank-{rank}.json").write_text(profile(rank, ranks, axes, *shape, **options))
        return self.run(name, "analyze", folder, *arguments)

    def topology(self, name, xml, hosts=2):
        """A machine alone, and with the traffic of a job on all of its GPUs."""
        path = self.scratch / f"{name}.xml"
        path.write_text(xml)
        self.run(f"machine-{name}", "topology", path)
        own = buses(xml)
        if own:
            log = job_log(hosts * len(own), len(own), "node-{}".format, buses=own)
            self.job(f"load-{name}", log, "--topology", path)

    def draw(self):
        for path in sorted((ROOT / "Fixtures/topology").glob("*.xml")):
            if "<gpu " in path.read_text():
                self.topology(path.stem, path.read_text())
            else:
                self.run(f"machine-{path.stem}", "topology", path)
        for path in sorted((ROOT / "traces").iterdir()):
            if path.is_dir():
                self.run(f"vm-{path.name}", "analyze", path, "--topology",
                         ROOT / "Fixtures/topology/vm-4gpu.xml")
        jobs = [path for path in sorted((ROOT / "traces").iterdir()) if path.is_dir()]
        self.run("compare-strategies", "compare", *jobs[:4])
        self.run("compare-many", "compare", *(
            f"{number} a long name of a run & <more>=" + str(jobs[number % len(jobs)])
            for number in range(9)), "--per", "run")
        self.run("compare-two", "compare", *jobs[-2:], "--tokens", "1000000000")
        for path in sorted((ROOT / "Fixtures/kineto").glob("*.json")):
            self.run(f"profile-{path.stem}", "analyze", path)
        axes = [("TENSOR_MODEL_PARALLEL_GROUP", 2, 1), ("PIPELINE_MODEL_PARALLEL_GROUP", 2, 2),
                ("DATA_PARALLEL_GROUP", 2, 4), ("CONTEXT_PARALLEL_GROUP", 4, 2)]
        self.profiles("profiles-8", 8, axes, 3, 120)
        self.profiles("profiles-8-trace", 8, axes, 40, 20, arguments=("--step", "7"))
        self.profiles("profiles-64", 64, axes, 2, 60, arguments=("--ranks", "0-2,40-63"))
        self.profiles("profiles-long-names", 2, axes[:1], 400, 2, step_name=(
            "ProfilerStep#{} with a very long <name> & a word more".format))
        long = "ip-10-{}-very-long-host-name.eu-central-1.compute.internal.example.org".format
        self.job("1-rank", job_log(1, 1, "node-{}".format))
        self.job("4-ranks", job_log(4, 4, "node-{}".format, [(2, 1), (2, 2)]))
        self.job("32-ranks-long-names", job_log(32, 8, long, [(8, 1), (2, 8), (2, 16)]))
        self.job("1000-ranks", job_log(1000, 8, long, [(8, 1), (125, 8)]))
        self.job("4096-ranks", job_log(4096, 8, "node-{}".format, [(8, 1), (512, 8)]))
        self.job("many-rows", job_log(
            240, 8, long, [(2, 1), (4, 2), (5, 8), (6, 40), (8, 1), (40, 1), (3, 80), (30, 8)]))
        self.topology("16-nics", machine(2, 4, 2, 2))
        self.topology("8-nodes-long-names", machine(
            8, 1, 2, 2, name="rocep&lt;with&gt;a_very_long_name_of_a_device_p0"))
        self.topology("40-nics", machine(1, 1, 1, 40))
        self.topology("too-wide", machine(1, 1, 64, 8), hosts=1)
        self.topology("128-gpus", machine(16, 1, 8, 8), hosts=1)


# --- The test -------------------------------------------------------------------------------------


def look(browser, figures, shots):
    faults = []
    for scheme, font in (("light", None), ("dark", WIDEST)):
        browser.scheme(scheme)
        for name, path in figures:
            found = browser.faults(path.read_text(encoding="utf-8"), font)
            faults += [f"{name}, {scheme}: {one}" for one in found]
            if shots:
                browser.shot(shots / f"{name.replace('/', '-').removesuffix('.svg')}.{scheme}.png")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/optimized/release/commlens")
    parser.add_argument("--shots", type=Path, help="also write a PNG of every figure here")
    parser.add_argument("figures", nargs="*", type=Path, metavar="FILE.svg | FOLDER")
    options = parser.parse_args()
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if not program:
        print("SKIPPED  figures were not looked at: no Chromium is installed (apt-get install chromium).")
        return 0
    if not options.figures and not os.access(options.binary, os.X_OK):
        parser.error(f"{options.binary} does not exist; run `swift build -c release` first")
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)

    began = time.monotonic()
    workshop = Workshop(options.binary.resolve())
    browser = Browser(program)
    try:
        faults = [f"self-check: {one}" for one in self_check(browser)]
        if options.figures:
            for path in options.figures:
                found = sorted(path.rglob("*.svg")) if path.is_dir() else [path]
                workshop.figures += [(f"{one.parent.name}/{one.name}", one) for one in found]
        else:
            workshop.figures += [
                (f"{path.parent.name}/{path.name}", path)
                for path in sorted((ROOT / "reports").rglob("*.svg"))]
            written = ROOT / ".build/figures"
            workshop.figures += [
                (f"unit-{path.parent.name}/{path.name}", path)
                for path in sorted(written.rglob("*.svg"))]
            workshop.draw()
        if not workshop.figures:
            faults.append("there is no figure to look at")
        faults += workshop.faults + look(browser, workshop.figures, options.shots)
    finally:
        browser.close()
        shutil.rmtree(workshop.scratch, ignore_errors=True)
    for fault in faults[:100]:
        print(f"FAIL  {fault}")
    if len(faults) > 100:
        print(f"FAIL  and {len(faults) - 100} more")
    print(f"{len(workshop.figures)} figures in light and dark, {len(KNOWN)} known pictures: "
          f"{len(faults)} faults  [{time.monotonic() - began:.1f} s]")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
