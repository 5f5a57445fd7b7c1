#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times commlens beside what people would type instead, on the same compressed logs, in one run.

Every contender must give the same answer: calls and element counts per operation. Runs are
interleaved and the median of the wall times is taken; only the ratios mean anything.

    python3 Tests/Benchmarks/bench.py [--size BYTES_OF_TEXT] [--trace-size BYTES] [--runs N]
        [--only logs|traces] [--build DIR]

Inputs: the shared development logs when they are beside the repository, else generated ones.
What concerns traces with times is in traces.py.
"""
import argparse
import collections
import csv
import glob
import gzip
import io
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

import traces

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMES = {
    "AllReduce": "all_reduce", "AllGather": "all_gather", "ReduceScatter": "reduce_scatter",
    "Broadcast": "broadcast", "Reduce": "reduce", "Send": "send_recv", "Recv": "send_recv",
}
AWK = (
    r'/ NCCL INFO [A-Za-z]+: opCount / { for (i = 1; i <= NF; i++) { if ($i == "opCount") n = $(i - 1);'
    r' if ($i == "count") { calls[n]++; elements[n] += $(i + 1) } } }'
    r' END { for (n in calls) printf "%s %d %.0f\n", n, calls[n], elements[n] }'
)
LINE = re.compile(rb" NCCL INFO (\w+): opCount \S+ sendbuff \S+ recvbuff \S+ count (\d+) ")


def run(command, environment=None):
    """Runs a command; returns wall seconds, CPU seconds, peak resident MB and standard output."""
    start = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, shell=isinstance(command, str), env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    if process.returncode not in (0,):
        sys.exit(f"bench: {command} ended with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output


def tally(rows):
    answer = collections.Counter()
    for name, calls in rows:
        answer[NAMES.get(name, name)] += calls
    return dict(answer)


def commlens(tool, files, jobs, out, engine=None):
    environment = dict(os.environ)
    if engine:
        environment["COMMLENS_INFLATE"] = engine
    shutil.rmtree(out, ignore_errors=True)
    wall, cpu, rss, _ = run(
        [tool, "analyze", "-q", "--jobs", str(jobs), "-o", out] + files, environment)
    answer = collections.Counter()
    with open(os.path.join(out, "traffic.csv"), newline="") as table:
        for row in csv.DictReader(table):
            answer[row["collective"]] += int(row["rank_calls"])
    return wall, cpu, rss, dict(answer)


def awk(tool, files):
    wall, cpu, rss, output = run(f"zcat {' '.join(files)} | {tool} '{AWK}'")
    rows = [line.replace(":", "").split() for line in output.decode().splitlines()]
    return wall, cpu, rss, tally((r[0], int(r[1])) for r in rows)


def python(files):
    start = time.monotonic()
    answer = collections.Counter()
    for path in files:
        with gzip.open(path) as log:
            for line in log:
                found = LINE.search(line)
                if found:
                    answer[found.group(1).decode()] += 1
    return time.monotonic() - start, 0, 0, tally(answer.items())


def inputs(folder, size, throughput):
    """One file per rank, together about `size` bytes of text."""
    shared = sorted(glob.glob(os.path.join(ROOT, "..", "shared", "data", "nccl-large", "*.gz")))
    files = []
    for index in range(4):
        path = os.path.join(folder, f"rank{index}.log.gz")
        files.append(path)
        if os.path.exists(path):
            continue
        if shared:
            member = open(shared[index % len(shared)], "rb").read()
            text = 27_000_000
        else:
            text = 64 << 20
            log = subprocess.run(
                [throughput, "job", str(text // 200), str(index)], stdout=subprocess.PIPE,
                check=True).stdout
            member = gzip.compress(log, 6)
        with open(path, "wb") as out:
            for _ in range(max(1, size // 4 // text)):
                out.write(member)
    worst = os.path.join(folder, "worst.log")
    if not os.path.exists(worst):
        with open(worst, "wb") as out:
            subprocess.run([throughput, "worst", "1000000"], stdout=out, check=True)
    plain = os.path.join(folder, "plain.log")
    if not os.path.exists(plain):
        with open(plain, "wb") as out:
            with gzip.open(files[0]) as log:
                # In pieces: a child starts with its parent's resident size.
                for _ in range(128):
                    out.write(log.read(1 << 20))
    return files, worst, plain


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--size", type=int, default=4 << 30)
    options.add_argument("--trace-size", type=int, default=100_000_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--only", choices=["logs", "traces"])
    options.add_argument("--build", default=os.path.join(ROOT, ".build", "optimized", "release"))
    options = options.parse_args()
    tool = os.path.join(options.build, "commlens")
    throughput = os.path.join(options.build, "throughput")
    folder = os.path.join(ROOT, ".build", "bench")
    os.makedirs(folder, exist_ok=True)
    if options.only != "traces":
        logs(options, tool, throughput, folder)
    if options.only != "logs":
        traces.bench(run, tool, throughput, folder, options.trace_size, options.runs)


def logs(options, tool, throughput, folder):
    """Everything about logs of NCCL."""
    files, worst, plain = inputs(folder, options.size, throughput)
    out = os.path.join(folder, "out")
    one = files[:1]
    has_isal = any(glob.glob(p) for p in ("/usr/lib/*/libisal.so.2", "/usr/lib/libisal.so.2"))

    contenders = [
        ("zcat | wc -l, one file", lambda: run(f"zcat {one[0]} | wc -l")[:3] + (None,)),
        ("commlens, one file, zlib", lambda: commlens(tool, one, 1, out, "zlib")),
    ]
    if has_isal:
        contenders.append(
            ("commlens, one file, ISA-L", lambda: commlens(tool, one, 1, out, "isal")))
    contenders += [
        ("zcat | wc -l, four files", lambda: run(f"zcat {' '.join(files)} | wc -l")[:3] + (None,)),
        ("commlens, four files, two cores, zlib", lambda: commlens(tool, files, 2, out, "zlib")),
    ]
    if has_isal:
        contenders.append(
            ("commlens, four files, two cores, ISA-L", lambda: commlens(tool, files, 2, out, "isal")))
    if shutil.which("mawk"):
        contenders.append(("zcat | mawk, one file", lambda: awk("mawk", one)))
    contenders.append(("python gzip + re, one file", lambda: python(one)))

    walls = collections.defaultdict(list)
    last = {}
    for turn in range(options.runs):
        for name, contender in contenders:
            # These are slow enough that one run tells.
            if ("python" in name or "mawk" in name) and turn:
                continue
            result = contender()
            walls[name].append(result[0])
            last[name] = result
    answers = {n: r[3] for n, r in last.items() if r[3] is not None and "four" not in n}
    reference = next(iter(answers.values()))
    for name, answer in answers.items():
        if answer != reference:
            sys.exit(f"bench: {name} counts {answer}, not {reference}")
    print(f"same answer from {len(answers)} programs: {reference}")
    print(f"{'':42} {'wall s':>8} {'of zcat|wc':>10} {'CPU s':>7} {'RSS MB':>7}")
    for name, _ in contenders:
        base = "zcat | wc -l, four files" if "four" in name else "zcat | wc -l, one file"
        wall = statistics.median(walls[name])
        ratio = wall / statistics.median(walls[base])
        print(f"{name:42} {wall:8.3f} {ratio:10.3f} {last[name][1]:7.2f} {last[name][2]:7.0f}")
    start = min(run([tool, "--version"])[0] for _ in range(10))
    print(f"{'commlens --version':42} {start:8.3f}")
    print("parser alone, text in memory, one core:")
    sys.stdout.flush()
    subprocess.run([throughput, "parse", plain, worst], check=True)


if __name__ == "__main__":
    main()
