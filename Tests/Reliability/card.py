#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reliability card: what commlens promises about damage, faults, kills, memory and order.

Runs against a built binary, on logs that are generated here, so it needs no data and no network:

    python3 Tests/Reliability/card.py [--full] [--binary PATH] [R5 R9 ...]

Each check prints `R5 PASS ...`, `R5 FAIL ...` or `R5 SKIP ...` with what it measured; the exit
status is 1 when any failed. A check knows what must happen from an oracle that is not commlens:
Python's zlib, the bytes of an earlier report, the kernel's accounting.
"""

import argparse
import csv
import gzip
import hashlib
import itertools
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLASSES = (
    "parsed", "known_ignored", "foreign", "unrecognised", "torn_recovered", "torn_lost", "malformed",
)
# A Swift runtime that prints a backtrace takes half a second and may outlive the process.
ENVIRONMENT = {
    **{k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "TZ", "NO_COLOR")},
    "SWIFT_BACKTRACE": "enable=no",
    "LC_ALL": "C",
}
EXIT_CODES = {0, 1, 64, 65, 66, 70, 73, 74, 78}


class Failure(Exception):
    """A promise that does not hold."""


class Skip(Exception):
    """A check that cannot run here."""


def expect(condition, message):
    if not condition:
        raise Failure(message)


# --- Logs -----------------------------------------------------------------------------------------


def rank_log(rank, ranks=2, operations=200, host="gpu-a-01", pid=4100):
    """What NCCL 2.21.5 writes for one rank of a data-parallel job, a file per process."""
    process = f"{host}:{pid + rank}:{pid + rank} [{rank}] NCCL INFO "
    worker = f"{host}:{pid + rank}:{pid + 100 + rank} [{rank}] NCCL INFO "
    comm = f"0x55afc5f4d{rank:x}e0"
    identity = (
        f"ncclCommInitRank comm {comm} rank {rank} nranks {ranks} cudaDev {rank} nvmlDev {rank} "
        f"busId {0x1B + rank:x}000 commId 0xbbc2e93a810cd491"
    )
    lines = [
        process + "Bootstrap : Using eth0:10.1.0.11<0>",
        process + "cudaDriverVersion 12080",
        process + "NCCL version 2.21.5+cuda12.4",
        worker + "Using network Socket",
        worker + identity + " - Init START",
        worker + f"comm {comm} rank {rank} nRanks {ranks} nNodes 1 localRanks {ranks} "
        f"localRank {rank} MNNVL 0",
        worker + "Connected all rings",
        worker + identity + " - Init COMPLETE",
    ]
    for index in range(operations):
        count = (16777216, 4096, 1)[index % 3]
        buffer = 0x7F7015E00000 + 512 * (index % 7)
        lines.append(
            process + f"AllReduce: opCount {index:x} sendbuff 0x{buffer:x} recvbuff 0x{buffer:x} "
            f"count {count} datatype 7 op 0 root 0 comm {comm} [nranks={ranks}] "
            f"stream 0x55afc5f4bd60"
        )
    lines.append(
        process + f"comm {comm} rank {rank} nranks {ranks} cudaDev {rank} "
        f"busId {0x1B + rank:x}000 - Destroy COMPLETE"
    )
    return ("\n".join(lines) + "\n").encode()


def pack(text, level=6):
    """Compresses without a time or a name, so that the bytes are the same every day."""
    return gzip.compress(text, level, mtime=0)


def inflate(data):
    """Every byte Python's streaming zlib gets out of a possibly truncated gzip file."""
    out = b""
    while data[:3] == b"\x1f\x8b\x08":
        engine = zlib.decompressobj(31)
        try:
            out += engine.decompress(data)
        except zlib.error:
            return out
        if not engine.eof:
            return out
        data = engine.unused_data
    return out


def repeated_member(unit, times):
    """A gzip file of `unit` repeated, built from one deflate block that ends on a byte."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = engine.compress(unit) + engine.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(times):
        crc = zlib.crc32(unit, crc)
    size = len(unit) * times
    yield b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    for _ in range(times):
        yield block
    yield b"\x03\0" + crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


# --- Running --------------------------------------------------------------------------------------


class Card:
    """The binary under test, a scratch folder, and the accounts of every ledger seen."""

    def __init__(self, binary, full):
        self.binary = str(binary)
        self.full = full
        self.scratch = Path(tempfile.mkdtemp(prefix="commlens-card-"))
        self.ledger_rows = 0
        self.ledger_breaks = []
        self.random = random.Random(20261123)
        self.ranks = [rank_log(rank) for rank in range(2)]

    def folder(self, name):
        path = self.scratch / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def run(self, *arguments, prefix=(), timeout=60, **options):
        options.setdefault("env", ENVIRONMENT)
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        command = [*prefix, self.binary, *map(str, arguments)]
        try:
            return subprocess.run(command, stderr=subprocess.PIPE, timeout=timeout, **options)
        except subprocess.TimeoutExpired:
            raise Failure(f"no end after {timeout} s: {' '.join(command[-6:])}") from None

    def two_ranks(self, name):
        folder = self.folder(name)
        for rank, text in enumerate(self.ranks):
            (folder / f"nccl.gpu-a-01.{4100 + rank}.log.gz").write_bytes(pack(text))
        return folder

    def ledger(self, report):
        """Reads ingestion.csv and checks its identity; R11 counts what it saw."""
        with open(report / "ingestion.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            self.ledger_rows += 1
            if sum(int(row[name]) for name in CLASSES) != int(row["lines"]):
                self.ledger_breaks.append(f"{row['file']}: classes do not add up to lines")
        return {row["file"]: row for row in rows}

    def sweep(self, name, cases, expected_size=None, batch=250):
        """Analyses many damaged files, many to a run, and returns each one's ledger.

        A batch that dies is repeated file by file, so that the failure names its input.
        """
        rows = {}
        for start in range(0, len(cases), batch):
            part = cases[start:start + batch]
            folder = self.folder(name)
            report = self.scratch / f"{name}-report"
            # One whole file beside them, so that there is always something to report.
            (folder / "whole.log").write_bytes(self.ranks[1])
            for label, data in part:
                (folder / label).write_bytes(data)
            began = time.monotonic()
            done = self.run("analyze", folder, "-q", "-o", report, timeout=60 + len(part))
            seconds = time.monotonic() - began
            if done.returncode not in (0, 65, 66):
                for label, _ in part:
                    one = self.run("analyze", folder / "whole.log", folder / label, timeout=10)
                    expect(
                        one.returncode in (0, 65, 66),
                        f"{label}: status {one.returncode}: {one.stderr[-300:]!r}")
                raise Failure(f"batch at {part[0][0]}: status {done.returncode}, no file alone")
            expect(seconds < 10 + len(part), f"batch at {part[0][0]} took {seconds:.0f} s")
            for label, row in self.ledger(report).items():
                if label != "whole.log":
                    rows[label] = row
            for label, data in part:
                expect(label in rows, f"{label} is missing from ingestion.csv")
                read = int(rows[label]["compressed_bytes"] or 0)
                expect(
                    read in (0, len(data)),
                    f"{label}: {read} bytes accounted for of {len(data)}")
        return rows


def content(folder):
    """Every file of a report, temporary ones included."""
    if not folder.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def temporaries(folder):
    return [name for name in content(folder) if name.endswith(".tmp")]


def is_whole(files):
    """Whether the manifest is there and lists every file with its true digest."""
    try:
        manifest = json.loads(files["manifest.json"])
    except (KeyError, ValueError):
        return False
    outputs = manifest.get("outputs", [])
    return len(outputs) > 3 and all(
        hashlib.sha256(files.get(output["file"], b"")).hexdigest() == output["sha256"]
        for output in outputs)


class Report:
    """A report folder that holds an old report, to see what a faulty run makes of it."""

    def __init__(self, card):
        self.card = card
        self.inputs = card.two_ranks("fault-inputs")
        self.folder = card.scratch / "fault-report"
        small = card.folder("fault-old")
        (small / "nccl.gpu-a-01.4100.log").write_bytes(rank_log(0, ranks=1, operations=5))
        self.old = self.fresh(small)
        self.new = self.fresh(self.inputs)
        expect(is_whole(self.old) and is_whole(self.new), "a clean run's manifest does not match")
        differing = [name for name in self.new if self.new[name] != self.old.get(name)]
        expect(len(differing) > 3, "the old and the new report can hardly be told apart")

    def fresh(self, inputs):
        shutil.rmtree(self.folder, ignore_errors=True)
        done = self.card.run("analyze", inputs, "-q", "-o", self.folder)
        expect(done.returncode == 0, f"a clean run ends with {done.returncode}: {done.stderr!r}")
        return content(self.folder)

    def reset(self):
        if content(self.folder) != self.old:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
            for name, data in self.old.items():
                (self.folder / name).write_bytes(data)

    def command(self):
        return ["analyze", str(self.inputs), "-q", "-o", str(self.folder), "--jobs", "1"]

    def state(self):
        """`old`, `new` (as without a fault), `other` (whole, but tells of a fault), `mixed` or `torn`."""
        files = {k: v for k, v in content(self.folder).items() if not k.endswith(".tmp")}
        if files == self.old:
            return "old"
        if files == self.new:
            return "new"
        if is_whole(files):
            return "other"
        each = all(data in (self.old.get(name), self.new.get(name)) for name, data in files.items())
        # A reader must be able to tell: the manifest is the old one and does not match.
        return "mixed" if each and files.get("manifest.json") == self.old["manifest.json"] else "torn"


# --- The checks -----------------------------------------------------------------------------------


def r0_totals(card):
    """Two ranks, 200 all-reduces: totals by hand."""
    report = card.scratch / "totals-report"
    done = card.run("analyze", card.two_ranks("totals"), "-o", report)
    expect(done.returncode == 0, f"status {done.returncode}: {done.stderr!r}")
    with open(report / "traffic.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    elements = sum((16777216, 4096, 1)[index % 3] for index in range(200))
    for column, expected in (
        ("operations", 200), ("rank_calls", 400), ("payload_bytes", 2 * 4 * elements),
        # n = 2: each rank sends 2(n-1)/n S = S.
        ("wire_bytes", 2 * 4 * elements),
    ):
        total = sum(int(row[column]) for row in rows)
        expect(total == expected, f"{column} is {total}, not {expected}")
    expect({row["collective"] for row in rows} == {"all_reduce"}, "another collective appeared")
    for row in card.ledger(report).values():
        expect(int(row["parsed"]) >= 201, f"{row['file']}: only {row['parsed']} lines parsed")
        expect(int(row["bytes"]) == len(card.ranks[int(row["file"][-8])]), "bytes differ")
    return "2 ranks x 200 all-reduces: operations, calls, payload and wire as computed by hand"


def members_fixture(card):
    """A gzip file of three members, below 4 KiB, and its text."""
    texts = [rank_log(0, operations=n, pid=4100 + 10 * n) for n in (20, 6, 2)]
    data = b"".join(pack(text) for text in texts)
    expect(len(data) <= 4096, f"the fixture has {len(data)} bytes")
    return data, b"".join(texts)


def r2_topologies(card):
    """Changed topologies and graphs: read or refused, within 0.1 s and 64 MiB."""
    sources = [path.read_bytes() for path in sorted((ROOT / "Fixtures/topology").glob("*.xml"))]
    expect(len(sources) > 5, "no topologies to change")
    words = (
        b"<", b">", b'"', b"=", b"&", b"&#0;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<!DOCTYPE x>",
        b"</cpu>", b"</pci>", b'<pci busid="', b'"-1"', b'"9223372036854775807"', b'"1e308"', b"\0",
        b"<pci busid='0000:00:00.0'>" * 40, b"a='' " * 100, b"x" * 70_000)
    total = 20_000 if card.full else 1_000
    counts = {0: 0, 65: 0}
    largest = slowest = 0.0
    for start in range(0, total, 50):
        folder = card.folder("topologies")
        for index in range(50):
            data = bytearray(card.random.choice(sources))
            for _ in range(card.random.randint(1, 4)):
                place = card.random.randrange(len(data) + 1)
                end = min(len(data), place + card.random.randint(1, 400))
                kind = card.random.randrange(5)
                if kind == 0:
                    data[place:end] = b""
                elif kind == 1:
                    data[place:place] = data[place:end]
                elif kind == 2:
                    data[place:] = card.random.choice(sources)[place:]
                elif kind == 3 and place < len(data):
                    data[place] ^= 1 << card.random.randrange(8)
                else:
                    data[place:place] = card.random.choice(words)
            (folder / f"{start + index:05}.xml").write_bytes(data)
        files = sorted(folder.iterdir())
        mib, status, seconds = rss_of(card, "topology", *files, "--format", "ndjson")
        names = f"{files[0].name} to {files[-1].name}"
        expect(status in counts, f"{names}: status {status}")
        expect(seconds < 0.1 * len(files), f"{names}: {seconds:.1f} s")
        # The report of 50 machines is in memory as well.
        expect(mib < 64, f"{names}: {mib:.0f} MiB")
        counts[status] += 1
        largest, slowest = max(largest, mib), max(slowest, seconds / len(files))
    return (f"{total} changed topologies and graphs: 0 traps, {1000 * slowest:.1f} ms and "
            f"{largest:.0f} MiB at most")


def r3_mutations(card):
    """Bit flips and splices: no trap, no hang, nothing wrong that looks right."""
    data, text = members_fixture(card)
    flips = [(byte, bit) for byte in range(len(data)) for bit in range(8)]
    if not card.full:
        # Headers and trailers hold the rare cases: all of their bits, and a sample of the rest.
        flips = sorted({*flips[:160], *flips[-128:], *card.random.sample(flips, 1500)})
    cases = []
    for byte, bit in flips:
        changed = bytearray(data)
        changed[byte] ^= 1 << bit
        cases.append((f"flip-{byte:05}-{bit}.gz", bytes(changed)))
    for index in range(1000 if card.full else 250):
        a, b = sorted(card.random.sample(range(len(data)), 2))
        c = card.random.randrange(len(data))
        kind = index % 3
        spliced = (
            data[:a] + data[b:] if kind == 0
            else data[:b] + data[a:] if kind == 1
            else data[:a] + data[c:c + b - a] + data[b:])
        cases.append((f"splice-{index:04}.gz", spliced))
    rows = card.sweep("mutations", cases)
    original = (len(text), text.count(b"\n"))
    silent, statuses = [], {}
    for label, _ in cases:
        row = rows[label]
        statuses[row["status"]] = statuses.get(row["status"], 0) + 1
        unchanged = (int(row["bytes"]), int(row["lines"])) == original
        if row["status"] == "complete" and not unchanged and not row.get("detail"):
            # A splice between members gives another valid file; zlib must agree that it is whole.
            mutant = dict(cases)[label]
            if inflate(mutant) and len(inflate(mutant)) == int(row["bytes"]):
                continue
            silent.append(label)
    expect(not silent, f"{len(silent)} changes went unnoticed, first {silent[:3]}")
    told = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    return f"{len(flips)} bit flips, {len(cases) - len(flips)} splices: {told}; 0 silent"


def r4_truncation(card):
    """Every prefix of a file gives all the bytes that zlib gets out of it."""
    data, _ = members_fixture(card)
    cases = [(f"cut-{length:05}.gz", data[:length]) for length in range(len(data))]
    rows = card.sweep("truncations", cases)
    # One or two bytes are too few to tell gzip from text.
    ends = whole_lengths(data)
    worst, complete = 0, 0
    for label, prefix in cases:
        row = rows[label]
        possible = len(inflate(prefix))
        worst = max(worst, possible - int(row["bytes"]))
        whole = row["status"] in ("complete", "empty")
        complete += whole
        expect(
            not whole or len(prefix) in ends or len(prefix) < 3,
            f"{label}: reported {row['status']} although it is cut")
    expect(worst <= 1, f"up to {worst} bytes fewer than zlib recovers")
    return f"{len(cases)} prefixes, {complete} at a member's end; at most {worst} byte behind zlib"


def whole_lengths(data):
    """Lengths at which a file of several members may end without loss."""
    lengths, rest = {0}, data
    while rest:
        engine = zlib.decompressobj(31)
        engine.decompress(rest)
        rest = engine.unused_data
        lengths.add(len(data) - len(rest))
    return lengths


def strace_or_skip():
    if shutil.which("strace") is None:
        raise Skip("strace is not installed; `make setup` installs it")
    probe = subprocess.run(
        ["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        raise Skip("strace may not trace here: " + probe.stderr.decode().strip()[:80])


CALLS = {
    "read": ("read", ["EIO", "EINTR"]),
    "write": ("write", ["ENOSPC", "EIO", "EDQUOT", "EINTR"]),
    "openat": ("openat", ["EMFILE", "EACCES", "ENOSPC"]),
    "fsync": ("fsync", ["EIO", "ENOSPC", "EINTR"]),
    "linkat": ("linkat", ["EIO", "ENOSPC", "EACCES"]),
    "rename": ("renameat,renameat2,rename", ["EIO", "ENOSPC"]),
    "close": ("close", ["EIO", "EINTR"]),
}


def tracer(calls, log="/dev/null", only=None):
    """strace for the main thread, which starts up and writes the report, or for one path.

    The threads of libdispatch are left alone: one of them watches the others through /proc, and
    libdispatch itself gives up when that fails.
    """
    which = ["-f", "-P", str(only)] if only else []
    return ["strace", *which, "-qq", "-o", str(log), "-e", f"trace={calls}"]


def count_calls(card, report, calls, only=None):
    log = card.scratch / "strace.log"
    report.reset()
    done = card.run(*report.command(), prefix=tracer(calls, log, only))
    expect(done.returncode == 0, f"a traced run ends with {done.returncode}")
    pattern = re.compile(r"^(?:\d+\s+)?(?:%s)\(" % calls.replace(",", "|"))
    return sum(1 for line in log.read_text().splitlines() if pattern.match(line))


def inject(card, report, calls, fault, when, only=None):
    report.reset()
    return card.run(
        *report.command(), timeout=30,
        prefix=[*tracer(calls, only=only), "-e", f"inject={calls}:{fault}:when={when}"])


def r5_faults(card):
    """Every system call of a run fails once, and from then on: old report or new, never success."""
    strace_or_skip()
    report = Report(card)
    runs, states, bad = 0, {}, []

    def judge(label, done, may_mix=False):
        nonlocal runs
        state, left = report.state(), temporaries(report.folder)
        states[state] = states.get(state, 0) + 1
        runs += 1
        silent = done.returncode in EXIT_CODES - {0} and not done.stderr
        if (
            state == "torn"
            or state == "mixed" and not (may_mix and done.returncode == 74)
            or done.returncode == 0 and state == "old"
            or done.returncode < 0
            or silent and not label.startswith("write")
            or left
        ):
            bad.append(f"{label}: status {done.returncode}, {state}, {left}")

    for name, (calls, errors) in CALLS.items():
        total = count_calls(card, report, calls)
        expect(total > 0, f"a run makes no {name} call; the check would prove nothing")
        positions = range(1, total + 1)
        if not card.full:
            # The last ones write the report; of the loader's and runtime's, a few.
            positions = sorted({*positions[-14:], *positions[:: max(1, total // 6)]})
        for error, number, persistent in itertools.product(errors, positions, (False, True)):
            if persistent and (error == "EINTR" or not card.full and number % 4):
                continue
            when = f"{number}{'+' if persistent else ''}"
            done = inject(card, report, calls, f"error={error}", when)
            judge(f"{name} {error} at {when}", done, may_mix=name == "rename")

    # The inputs, read by other threads.
    source = sorted(report.inputs.iterdir())[1]
    for name, errors in (("openat", ["EMFILE", "EACCES", "EIO"]), ("read", ["EIO", "EINTR"]), ("close", ["EIO"])):
        total = count_calls(card, report, name, source)
        expect(total > 0, f"{name} never touches an input")
        for error, number in itertools.product(errors, range(1, total + 1)):
            done = inject(card, report, name, f"error={error}", number, source)
            judge(f"{name} {error} at {number} of an input", done)
            lost = error != "EINTR" and name != "close"
            if (done.returncode == 66) != lost or report.state() != ("other" if lost else "new"):
                bad.append(
                    f"{name} {error} at {number} of an input: status {done.returncode}, "
                    f"{report.state()}: {done.stderr[-200:]!r}")
    expect(not bad, f"{len(bad)} of {runs} bad, first: {'; '.join(bad[:3])}")
    expect(states.get("old", 0) >= 10 and states.get("new", 0) >= 10, f"one-sided: {states}")
    return f"{runs} faults, 0 bad ({', '.join(f'{v} {k}' for k, v in sorted(states.items()))})"


def r6_kills(card):
    """A kill at any moment leaves the old report or the new one."""
    strace_or_skip()
    report = Report(card)
    most = len(report.new)
    runs, states, bad, most_left = 0, {}, [], 0
    for name in ("openat", "write", "fsync", "linkat", "rename"):
        calls = CALLS[name][0]
        total = count_calls(card, report, calls)
        for number in range(max(1, total - (most + 5 if card.full else 9)), total + 1):
            inject(card, report, calls, "signal=SIGKILL", number)
            state, left = report.state(), temporaries(report.folder)
            runs += 1
            states[state] = states.get(state, 0) + 1
            most_left = max(most_left, len(left))
            if state == "torn" or state == "mixed" and name != "rename" or len(left) > most:
                bad.append(f"SIGKILL at {name} {number}: {state}, {left}")
            if left:
                clean = card.run(*report.command())
                if clean.returncode != 0 or temporaries(report.folder):
                    bad.append(f"after SIGKILL at {name} {number} the next run leaves files")
    expect(not bad, f"{len(bad)} of {runs} bad, first: {'; '.join(bad[:3])}")

    # Random moments: enough of them must fall before and after the report is written.
    report.reset()
    began = time.monotonic()
    card.run(*report.command())
    span = time.monotonic() - began
    outcomes = {"old": 0, "new": 0}
    signals = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
    for attempt in range(600):
        if attempt >= (300 if card.full else 100) and min(outcomes["old"], outcomes["new"]) >= 10:
            break
        number = signals[attempt % 3]
        report.reset()
        process = subprocess.Popen(
            [card.binary, *report.command()], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(card.random.uniform(0, 1.6 * span))
        process.send_signal(number)
        status = process.wait(timeout=20)
        state, left = report.state(), temporaries(report.folder)
        outcomes[state] = outcomes.get(state, 0) + 1
        runs += 1
        if (
            state == "torn" or state == "mixed" and number != signal.SIGKILL
            or left and number != signal.SIGKILL or status not in (0, -number)
        ):
            bad.append(f"{number.name}: status {status}, {state}, {left}")
    expect(not bad, f"{len(bad)} of {runs} bad, first: {'; '.join(bad[:3])}")
    expect(min(outcomes["old"], outcomes["new"]) >= 10, f"one-sided: {outcomes}")
    return (
        f"{runs} kills, 0 torn; random moments: {outcomes['old']} old, {outcomes['new']} new; "
        f"at most {most_left} files left by SIGKILL, none after the next run")


def hostile_pickles(random, count):
    """Pickles that import, call and build, and dumps of data with bytes changed."""
    import pickle
    import pickletools

    class Call:
        def __init__(self, function, *arguments):
            self.state = (function, arguments)

        def __reduce__(self):
            return self.state

    calls = [
        Call(os.system, "touch pwned"), Call(open, "pwned", "w"), Call(eval, "1"),
        Call(subprocess.Popen, ["touch", "pwned"]), Call(__import__, "socket"),
    ]
    data = {"version": "2.9", "pg_config": {}, "entries": [{"state": "x", "n": 2**70}] * 3}
    raw = [b"cos\nsystem\n(S'touch pwned'\ntR.", b"(S'touch pwned'\nios\nsystem\n."]
    for number in range(count):
        protocol = 2 + number % 4
        # No two are the same: equal files are read once.
        data["rank"] = 100_000 + number
        unique = b"J" + (100_000 + number).to_bytes(4, "little") + b"0"
        if number % 3 == 0:
            yield pickle.dumps([data, calls[number % len(calls)]], protocol)
        elif number % 3 == 1:
            yield bytes([0x80, protocol]) + unique + raw[number % 2]
        else:
            body = bytearray(pickletools.optimize(pickle.dumps(data, protocol)))
            for _ in range(1 + number % 4):
                body[random.randrange(2, len(body))] = random.randrange(256)
            yield bytes(body)


def r19_pickles(card):
    """Reading 1,000 hostile pickles runs nothing, opens nothing else and connects to nothing."""
    strace_or_skip()
    folder = card.scratch / "pickles"
    folder.mkdir()
    count = 1000
    for number, body in enumerate(hostile_pickles(card.random, count)):
        (folder / f"dump_{number}").write_bytes(body)
    log = card.scratch / "pickles.log"
    done = card.run(
        "analyze", str(folder), "--format", "json", timeout=300,
        prefix=["strace", "-f", "-qq", "-o", str(log), "-e",
                "trace=execve,execveat,fork,vfork,openat,open,creat,socket,connect"])
    expect(done.returncode == 0, f"status {done.returncode}: {done.stderr[-300:]!r}")
    lines = log.read_text(errors="replace").splitlines()
    runs = [line for line in lines if re.search(r"\b(execve|execveat|v?fork)\(", line)]
    # One is the program itself.
    expect(len(runs) == 1, f"something was run: {runs[1:3]}")
    nets = [line for line in lines if re.search(r"\b(socket|connect)\(", line)]
    expect(not nets, f"something was connected: {nets[:2]}")
    writes = [line for line in lines if re.search(r"O_(WRONLY|RDWR|CREAT)|creat\(", line)]
    expect(not writes, f"something was opened to write: {writes[:2]}")
    report = json.loads(done.stdout)
    files = report["ingestion"]
    expect(len(files) == count, f"{len(files)} of {count} files in the report")
    good = sum(1 for file in files if file["status"] == "complete")
    refused = sum(1 for file in files if file["status"] == "unsupported")
    expect(good < count // 3 and refused >= count // 2, f"{good} read, {refused} refused")
    return f"{count} pickles: {refused} refused by name, {good} read; 0 run, connected or written"


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_write)(int, const void *, size_t);
static long cap, every, calls;
static long number(const char *name) { const char *v = getenv(name); return v ? atol(v) : 0; }
__attribute__((constructor)) static void start(void) {
  real_read = dlsym(RTLD_NEXT, "read");
  real_write = dlsym(RTLD_NEXT, "write");
  cap = number("FAULT_SHORT");
  every = number("FAULT_EINTR");
}
static int interrupted(void) {
  return every && __sync_add_and_fetch(&calls, 1) % every == 0;
}
ssize_t read(int fd, void *b, size_t n) {
  if (!real_read) start();
  if (fd > 2 && interrupted()) { errno = EINTR; return -1; }
  return real_read(fd, b, fd > 2 && cap && n > (size_t)cap ? (size_t)cap : n);
}
ssize_t write(int fd, const void *b, size_t n) {
  if (!real_write) start();
  if (interrupted()) { errno = EINTR; return -1; }
  return real_write(fd, b, cap && n > (size_t)cap ? (size_t)cap : n);
}
"""


def r7_short_io(card):
    """Short reads, short writes and interrupts change nothing."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise Skip("no C compiler for the shim")
    folder = card.folder("shim")
    (folder / "shim.c").write_text(SHIM)
    library = folder / "shim.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-o", library, folder / "shim.c", "-ldl"], check=True)
    inputs = card.folder("short-inputs")
    (inputs / "a.log.gz").write_bytes(pack(card.ranks[0]))
    (inputs / "b.log").write_bytes(rank_log(1, operations=30))
    report = card.scratch / "short-report"

    def outcome(**faults):
        shutil.rmtree(report, ignore_errors=True)
        environment = {**ENVIRONMENT, "LD_PRELOAD": str(library), **faults}
        done = card.run("analyze", inputs, "-o", report, env=environment)
        expect(done.returncode == 0, f"{faults}: status {done.returncode}: {done.stderr[-200:]!r}")
        return done.stdout, content(report)

    reference = outcome()
    # The shim must be in the way, or the rest proves nothing.
    everyone = card.run(
        "analyze", inputs, env={**ENVIRONMENT, "LD_PRELOAD": str(library), "FAULT_EINTR": "1"},
        prefix=["timeout", "-s", "KILL", "2"])
    expect(everyone.returncode != 0, "an endless EINTR went unnoticed; the shim does not work")
    cases = [{"FAULT_SHORT": str(cap)} for cap in (1, 2, 3, 7, 100)]
    cases += [{"FAULT_EINTR": "2"}, {"FAULT_EINTR": "3", "FAULT_SHORT": "5"}]
    for faults in cases:
        expect(outcome(**faults) == reference, f"{faults}: another report")
    return f"{len(cases)} forms of short and interrupted I/O: the same bytes"


def r8_full_disk(card):
    """A full disk gives 74 and a reason, and the old report stays."""
    report = Report(card)
    report.reset()
    told = []
    with open("/dev/full", "wb") as full:
        done = card.run("analyze", report.inputs, stdout=full)
    expect(done.returncode == 74, f"/dev/full: status {done.returncode}")
    expect(b"No space left" in done.stderr, f"/dev/full: {done.stderr!r}")
    told.append("/dev/full")

    largest = max(len(data) for data in report.new.values())

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 1, largest - 1))

    done = card.run(*report.command(), preexec_fn=limit)
    expect(done.returncode == 74, f"RLIMIT_FSIZE: status {done.returncode}: {done.stderr!r}")
    expect(report.state() == "old" and not temporaries(report.folder), "RLIMIT_FSIZE: old report lost")
    expect(str(report.folder).encode() in done.stderr, "RLIMIT_FSIZE: the message names no path")
    told.append("RLIMIT_FSIZE")

    mount = card.folder("tmpfs")
    size = 4096 * (3 + sum(-(-len(d) // 4096) for d in report.old.values()))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", mount], capture_output=True, check=False)
    if mounted.returncode == 0:
        try:
            folder = mount / "report"
            folder.mkdir()
            for name, data in report.old.items():
                (folder / name).write_bytes(data)
            done = card.run("analyze", report.inputs, "-q", "-o", folder)
            expect(done.returncode == 74, f"tmpfs: status {done.returncode}: {done.stderr!r}")
            expect(content(folder) == report.old, "tmpfs: the old report changed or a file is left")
            expect(str(folder).encode() in done.stderr, "tmpfs: the message names no path")
        finally:
            subprocess.run(["umount", mount], check=True)
        told.append("tmpfs")
    else:
        told.append("(no tmpfs: mount is not permitted)")

    for kind in ("symlink", "directory", "device"):
        report.reset()
        target = report.folder / "traffic.csv"
        target.unlink()
        victim = card.scratch / "victim"
        victim.write_text("precious")
        if kind == "symlink":
            target.symlink_to(victim)
        elif kind == "directory":
            target.mkdir()
        else:
            try:
                os.mknod(target, 0o600 | 0o020000, os.makedev(1, 3))
            except PermissionError:
                told.append("(no device: mknod is not permitted)")
                continue
        done = card.run(*report.command())
        expect(done.returncode == 73, f"{kind} as target: status {done.returncode}")
        expect(victim.read_text() == "precious", "a symbolic link at the target was followed")
        expect(not target.is_file() or target.is_symlink(), f"the {kind} was replaced")
        shutil.rmtree(report.folder)
        told.append(kind)
    return ", ".join(told)


def rss_of(card, *arguments):
    """Peak memory in MiB, status and seconds of one run, from the kernel's accounts."""
    began = time.monotonic()
    process = subprocess.Popen(
        [card.binary, *map(str, arguments)], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 1024, process.returncode, time.monotonic() - began


def r9_memory(card):
    """A gigabyte of anything is read in 64 MiB."""
    total = (10 << 30) if card.full else (1 << 30)
    line = rank_log(0, operations=1).splitlines(keepends=True)[8]
    inputs = {
        "zeros": b"\0" * (1 << 20),
        "newlines": b"\n" * (1 << 20),
        "one-line": b"x" * (1 << 20),
        "nccl-lines": line * ((1 << 20) // len(line)),
        # 4,096 sizes: every one is a row of the report, which is all that may grow.
        "sizes": b"".join(
            line.replace(b"count 16777216", b"count %d" % (1000 + n)) for n in range(4096)),
    }
    told = []
    for name, unit in inputs.items():
        folder = card.folder(f"bomb-{name}")
        with open(folder / "bomb.log.gz", "wb") as file:
            for piece in repeated_member(unit, max(1, total // len(unit))):
                file.write(piece)
        (folder / "whole.log").write_bytes(card.ranks[1])
        report = card.scratch / "bomb-report"
        mib, status, seconds = rss_of(card, "analyze", folder, "--jobs", "1", "-o", report)
        expect(status == 0, f"{name}: status {status}")
        expect(mib < 64, f"{name}: {mib:.0f} MiB")
        row = card.ledger(report)["bomb.log.gz"]
        size = len(unit) * max(1, total // len(unit))
        expect(int(row["bytes"]) == size, f"{name}: {row['bytes']} of {size} bytes read")
        told.append(f"{name} {mib:.0f} MiB {seconds:.1f} s")
        if name == "nccl-lines":
            began = time.monotonic()
            subprocess.run(
                f"zcat '{folder}/bomb.log.gz' | wc -l", shell=True, check=True, capture_output=True)
            zcat = time.monotonic() - began
            expect(seconds <= 2 * zcat + 0.5, f"{name}: {seconds:.1f} s, zcat {zcat:.1f} s")
            told[-1] += f" (zcat {zcat:.1f} s)"
        shutil.rmtree(folder)
    return "; ".join(told)


def r10_determinism(card):
    """Same inputs, same bytes: whatever the order, the cores, the locale, the folder."""
    folder = card.folder("order/logs")
    for rank in range(8):
        text = pack(rank_log(rank, ranks=8, operations=40 + rank))
        (folder / f"nccl.gpu-a-01.{4100 + rank}.log.gz").write_bytes(
            text[:-200] if rank in (3, 6) else text)
    (folder / "notes.txt").write_text("no log\n")
    files = sorted(folder.iterdir())
    report = card.scratch / "order-report"
    digests = {}

    def once(label, arguments, **options):
        shutil.rmtree(report, ignore_errors=True)
        done = card.run("analyze", *arguments, "-o", report, **options)
        expect(done.returncode == 0, f"{label}: status {done.returncode}: {done.stderr[-200:]!r}")
        expect(done.stdout and is_whole(content(report)), f"{label}: no whole report to compare")
        digest = hashlib.sha256(done.stdout.replace(str(report).encode(), b"REPORT"))
        for name, data in content(report).items():
            expect(str(card.scratch).encode() not in data, f"{name} names a folder of this machine")
            digest.update(name.encode() + b"\0" + data)
        digests.setdefault(digest.hexdigest(), label)

    runs = 0
    for shuffle in range(20 if card.full else 6):
        card.random.shuffle(files)
        for jobs in (1, 2, 4, 8):
            once(f"shuffle {shuffle}, {jobs} jobs", [*files, "--jobs", jobs])
            runs += 1
    for locale, zone in (("C", "UTC"), ("de_DE.UTF-8", "Asia/Kolkata"), ("tr_TR.UTF-8", "America/St_Johns")):
        once(f"{locale} {zone}", [folder], env={**ENVIRONMENT, "LC_ALL": locale, "LANG": locale, "TZ": zone})
    once("folder from its parent", ["logs"], cwd=folder.parent)
    once("folder from inside", ["."], cwd=folder)
    once("pattern", [str(folder / "*")])
    once("folder and a file in it", [folder, files[0]])
    runs += 7
    expect(len(digests) == 1, f"{len(digests)} different results: {list(digests.values())}")
    return f"{runs} runs, 1 digest"


def r11_identity(card):
    """The classes of every ledger that any check saw add up."""
    expect(card.ledger_rows > 0, "no ledger was seen; run it after the others")
    expect(not card.ledger_breaks, f"{len(card.ledger_breaks)} breaks: {card.ledger_breaks[:3]}")
    return f"{card.ledger_rows} ledgers balanced"


def r17_limits(card):
    """Both sides of each limit."""
    folder = card.folder("limits")
    (folder / "a.log").write_bytes(card.ranks[0])
    for arguments, status in (
        (["--jobs", "1"], 0), (["--jobs", "0"], 64), (["--jobs", "1024"], 0), (["--jobs", "1025"], 64),
    ):
        done = card.run("analyze", folder, *arguments)
        expect(done.returncode == status, f"{arguments}: {done.returncode}, not {status}")
    # The longest line: below it application output, above it an oversize line; both complete.
    report = card.scratch / "limits-report"
    for length, lineclass in (((1 << 20) - 1, "foreign"), (1 << 20 | 1 << 18, "malformed")):
        (folder / "long.log").write_bytes(b"x" * length + b"\n" + card.ranks[1])
        done = card.run("analyze", folder, "-q", "-o", report)
        expect(done.returncode == 0, f"a line of {length} bytes: {done.returncode}")
        row = card.ledger(report)["long.log"]
        expect(int(row[lineclass]) == 1, f"a line of {length} bytes is {row}, not {lineclass}")
        expect(int(row["bytes"]) == length + 1 + len(card.ranks[1]), "bytes lost beside a long line")
    return "--jobs, longest line: both sides as documented"


HOSTILE = [
    "=cmd|' /C calc'!A0", "+1+1", "-1-1", "@SUM(A1)", "\t=1", "\uFF1D1+1", "<script>alert(1)</script>",
    "\"]]>&amp;<svg onload=x>", "a\x1b[31mred\x1b]0;title\x07", "x\u202Egnp.exe", "..%2f..%2fetc", "a,b\"c\"",
    "\u0085next", "\ufffe\uffff", "' OR 1=1 --", "{{7*7}}", "${jndi:ldap://x}",
]


def r18_output_safety(card):
    """Hostile names come back as text from CSV, JSON and SVG readers."""
    folder = card.folder("hostile")
    for index, name in enumerate(HOSTILE):
        host = re.sub(r"[\s:]", "_", name) or "x"
        log = rank_log(index, ranks=len(HOSTILE), operations=3, host=host)
        log += f"{host}:{4100 + index}:1 [0] NCCL WARN {name}\n".encode("utf-8", "replace")
        log += f"{host}:{4100 + index}:1 [0] NCCL INFO Comm config Comm name set to {name}\n".encode()
        (folder / f"{index}-{name.replace('/', '_')}.log").write_bytes(log)
    report = card.scratch / "hostile-report"
    done = card.run("analyze", folder, "-o", report)
    expect(done.returncode == 0, f"status {done.returncode}: {done.stderr[-300:]!r}")
    terminal = done.stdout + done.stderr
    for byte in (b"\x1b", b"\x07", "\u202E".encode(), "\u0085".encode()):
        expect(byte not in terminal, f"{byte!r} reaches the terminal")
    cells, elements = 0, 0
    allowed = {"svg", "g", "title", "desc", "style", "rect", "text", "tspan", "line", "path",
               "polyline", "polygon", "circle", "defs", "pattern", "clipPath"}
    for path in sorted(report.iterdir()):
        data = path.read_bytes()
        if path.suffix == ".csv":
            rows = list(csv.reader(data.decode("utf-8").splitlines(keepends=True)))
            expect(len({len(row) for row in rows}) <= 1, f"{path.name}: ragged rows")
            for cell in itertools.chain.from_iterable(rows):
                cells += 1
                number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
                expect(
                    number or not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uFF1D")),
                    f"{path.name}: the cell {cell!r} would run in a spreadsheet")
        elif path.suffix == ".json":
            json.loads(data)
        elif path.suffix == ".svg":
            for element in ElementTree.fromstring(data).iter():
                elements += 1
                expect(element.tag.split("}")[-1] in allowed, f"{path.name}: <{element.tag}>")
                expect(
                    not any(key.startswith("on") or "href" in key for key in element.attrib),
                    f"{path.name}: attribute in {element.attrib}")
    expect(cells > 100, f"only {cells} cells were checked")
    return f"{len(HOSTILE)} hostile names: {cells} cells and {elements} elements clean"


TRAPS = re.compile(r"\btry!|\bas!|\bfatalError\(|(?<![\w.])(?:debugP|p)rint\(|-Ounchecked|\bmmap\(")


def r20_traps(card):
    """No construct in Sources that ends the process on a surprise."""
    found, files = [], 0
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        files += 1
        for number, text in enumerate(path.read_text().splitlines(), 1):
            if TRAPS.search(text.split("//")[0]):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    for sample in ("try! f()", "x as! Int", "fatalError()", "  print(x)"):
        expect(TRAPS.search(sample), f"the rule does not find {sample!r}")
    expect(files > 10, "no sources found")
    expect(not found, f"{len(found)}: {', '.join(found[:5])}")
    return f"{files} files, 0 traps"


CHECKS = {
    "R0": r0_totals, "R2": r2_topologies, "R3": r3_mutations, "R4": r4_truncation, "R5": r5_faults, "R6": r6_kills,
    "R7": r7_short_io, "R8": r8_full_disk, "R9": r9_memory, "R10": r10_determinism,
    "R17": r17_limits, "R18": r18_output_safety, "R19": r19_pickles,
    "R20": r20_traps,
    # Last: it judges every ledger that the others saw.
    "R11": r11_identity,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="all positions, 10 GB; minutes to an hour")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/optimized/release/commlens")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"any of {' '.join(CHECKS)}")
    options = parser.parse_args()
    if unknown := set(options.checks) - set(CHECKS):
        parser.error(f"no such check: {' '.join(sorted(unknown))}")
    if not os.access(options.binary, os.X_OK):
        parser.error(f"{options.binary} does not exist; run `swift build -c release` first")

    card = Card(options.binary.resolve(), options.full)
    passed, failed, skipped = 0, 0, 0
    for name, check in CHECKS.items():
        if options.checks and name not in options.checks:
            continue
        began = time.monotonic()
        try:
            outcome, told = "PASS", check(card)
            passed += 1
        except Skip as reason:
            outcome, told = "SKIP", str(reason)
            skipped += 1
        except Failure as failure:
            outcome, told = "FAIL", str(failure)
            failed += 1
        except Exception as error:  # A defect of the check is no reason to lose the others.
            outcome, told = "FAIL", f"the check itself broke: {type(error).__name__}: {error}"
            failed += 1
        print(f"{name:<4}{outcome}  {told}  [{time.monotonic() - began:.1f} s]", flush=True)
    shutil.rmtree(card.scratch, ignore_errors=True)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
