# SPDX-License-Identifier: Apache-2.0
"""Times commlens beside general tools on a profiler's trace and on NCCL Inspector's records.

Each contender is asked for the same: how many communication kernels there are, and how long they
took together, in nanoseconds. Tools that are not installed are left out. Started as a program, it
writes the inputs, so that the benchmark itself stays small: a child starts with the resident size
of its parent.

Inputs: events of a real trace, and real records, when the shared development data are beside the
repository, else generated ones; repeated with shifted times and numbers.
"""
import collections
import csv
import glob
import gzip
import json
import os
import re
import shutil
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(ROOT, "..", "shared", "data")
TRACE = os.path.join(SHARED, "kineto", "hta-df_index_resolver-rank1of2-2020-allreduce.json.gz")
NUMBER = re.compile(rb'"(ts|correlation|External id|id|coll_sn|p2p_sn)": ?(\d+)')

ORJSON = """
import sys, orjson
text = open(sys.argv[1], "rb").read()
calls, total = 0, 0.0
for event in orjson.loads(text)["traceEvents"]:
    if event.get("cat") == "kernel" and event["name"].startswith("nccl"):
        calls += 1
        total += event["dur"]
print(calls, round(total * 1000))
"""
HTA = """
import logging, sys
logging.disable(logging.CRITICAL)
from hta.common.trace_parser import parse_trace_dataframe
from hta.configs.parser_config import ParserConfig
_, frame, symbols = parse_trace_dataframe(sys.argv[1], ParserConfig.get_default_cfg())
table = symbols.get_sym_table()
kernel = {i for i, name in enumerate(table) if name == "kernel"}
nccl = {i for i, name in enumerate(table) if name.startswith("nccl")}
rows = frame[frame["cat"].isin(kernel) & frame["name"].isin(nccl)]
print(len(rows), round(float(rows["dur"].sum()) * 1000))
"""
DUCKDB = """
import os, sys, duckdb
duckdb.execute("SET enable_progress_bar = false")
print(*map(int, duckdb.execute('''
  SELECT count(*), round(sum(event.dur) * 1000) FROM (
    SELECT unnest(traceEvents) AS event FROM read_json(?, maximum_object_size = ?,
      columns = {traceEvents: 'STRUCT(cat VARCHAR, name VARCHAR, dur DOUBLE)[]'}))
  WHERE event.cat = 'kernel' AND starts_with(event.name, 'nccl')
''', [sys.argv[1], os.path.getsize(sys.argv[1]) + 1024]).fetchone()))
"""
JQ = (
    '[.traceEvents[] | select(.cat == "kernel" and (.name | startswith("nccl"))) | .dur]'
    ' | "\\(length) \\(add * 1000 | round)"'
)
ORJSON_LINES = """
import sys, orjson
calls, total = 0, 0
for line in open(sys.argv[1], "rb"):
    record = orjson.loads(line)["coll_perf"]
    calls += 1
    total += record["coll_exec_time_us"]
print(calls, total * 1000)
"""
DUCKDB_LINES = """
import sys, duckdb
duckdb.execute("SET enable_progress_bar = false")
print(*map(int, duckdb.execute('''
  SELECT count(*), sum(coll_perf.coll_exec_time_us) * 1000
  FROM read_json(?, format = 'newline_delimited',
    columns = {coll_perf: 'STRUCT(coll VARCHAR, coll_exec_time_us BIGINT)'})
''', [sys.argv[1]]).fetchone()))
"""
JQ_LINES = 'reduce inputs.coll_perf.coll_exec_time_us as $t ([0, 0]; [.[0] + 1, .[1] + $t])' \
    ' | "\\(.[0]) \\(.[1] * 1000)"'


# MARK: - Inputs


def repeated(out, head, body, tail, separator, size):
    """Writes a text again and again, each time with later times and higher numbers."""
    pieces, keys, values, end = [], [], [], 0
    for found in NUMBER.finditer(body):
        pieces.append(body[end:found.start(2)].replace(b"%", b"%%"))
        keys.append(found.group(1))
        values.append(int(found.group(2)))
        end = found.end(2)
    template = b"%d".join(pieces + [body[end:].replace(b"%", b"%%")])
    steps = {}
    for key in set(keys):
        numbers = sorted(v for k, v in zip(keys, values) if k == key and v < 1 << 60)
        # Some times are 0 or far off; the rest is one stretch.
        cut = len(numbers) // 1000 if key == b"ts" else 0
        first = numbers[cut] if key == b"ts" else 0
        steps[key] = numbers[-1 - cut] - first + 1
    shifts = [steps[key] for key in keys]
    out.write(head)
    turn = 0
    while out.tell() < size:
        if turn:
            out.write(separator)
        out.write(template % tuple(v + s * turn for v, s in zip(values, shifts)))
        turn += 1
    out.write(tail)


def generated_events():
    """Events as PyTorch prints them: of a hundred, four calls of NCCL at the host or the GPU."""
    form = '  {\n    "ph": "X", "cat": "%s", "name": "%s", "pid": %d, "tid": %d,\n' \
        '    "ts": %d.%03d, "dur": %d.125,\n    "args": {\n      %s\n    }\n  }'
    events = []
    for index in range(20_000):
        kind = index % 50
        if kind < 30:
            what = ("cpu_op", "aten::as_strided", 4001, 4001, '"External id": %d,"Ev Idx": %d')
        elif kind < 40:
            what = ("cuda_runtime", "cudaLaunchKernel", 4001, 4001,
                    '"External id": %d,"cbid": 211, "correlation": %d')
        elif kind < 48:
            what = ("kernel", "void at::native::vectorized_elementwise_kernel<4>(int)", 0, 7,
                    '"External id": %d,"device": 0, "stream": 7, "correlation": %d, "grid": [1, 1, 1]')
        elif kind == 48:
            what = ("user_annotation", "nccl:all_reduce", 4001, 4001,
                    '"External id": %d,"Ev Idx": %d')
        else:
            what = ("kernel", "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgs)", 0, 24,
                    '"External id": %d,"device": 0, "stream": 24, "correlation": %d')
        numbers = what[4] % (index + 1, index - 8)
        events.append(form % (*what[:4], 1_700_000_000_000 + index * 10, index % 1000, 9, numbers))
    return ",\n".join(events).encode()


def write_trace(path, size):
    if os.path.exists(TRACE):
        text = gzip.open(TRACE).read()
        start = text.index(b"[", text.index(b'"traceEvents"')) + 1
        end = text.rindex(b"}", 0, text.rindex(b"]")) + 1
        head, body, tail = text[:start], text[start:end], text[end:]
    else:
        head, tail = b'{\n  "schemaVersion": 1,\n  "traceEvents": [\n', b"\n  ]\n}\n"
        body = generated_events()
    with open(path, "wb") as out:
        repeated(out, head, body, tail, b",\n", size)


def write_records(path, size):
    logs = sorted(glob.glob(os.path.join(SHARED, "inspector", "*all_reduce*", "*.gz")))
    if logs:
        body = gzip.open(logs[0]).read()
    else:
        body = "".join(json.dumps({
            "header": {"id": "0x502927ae2bc324", "rank": 0, "n_ranks": 4, "nnodes": 1},
            "metadata": {
                "inspector_output_format_version": "v4.0", "git_rev": "",
                "rec_mechanism": "nccl_profiler_interface",
                "dump_timestamp_us": 1766132599094168 + index, "hostname": "gpu-a-01", "pid": 100},
            "coll_perf": {
                "coll": "AllReduce", "coll_sn": index, "coll_msg_size_bytes": 4096 << index % 16,
                "coll_exec_time_us": 20 + index % 977, "coll_timing_source": "kernel_gpu",
                "coll_algobw_gbs": 6.841909, "coll_busbw_gbs": 10.262863}},
            separators=(",", ":")) + "\n" for index in range(2000)).encode()
    with open(path, "wb") as out:
        repeated(out, b"", body, b"", b"", size)


def inputs(folder, size):
    """A trace of `size` bytes, the same compressed, one of twenty times the size, and records."""
    paths = {
        "trace": ("trace.json", size), "large": ("trace-large.json", 20 * size),
        "records": ("inspector.log", size),
    }
    for kind, (name, bytes) in paths.items():
        path = paths[kind] = os.path.join(folder, name)
        if not os.path.exists(path):
            subprocess.run([sys.executable, "-B", __file__, kind, path, str(bytes)], check=True)
    paths["gzip"] = paths["trace"] + ".gz"
    if not os.path.exists(paths["gzip"]):
        with open(paths["gzip"], "wb") as out:
            subprocess.run(["gzip", "-6c", paths["trace"]], stdout=out, check=True)
    return paths


# MARK: - Contenders


def commlens(run, tool, path, out, engine=None):
    environment = dict(os.environ)
    if engine:
        environment["COMMLENS_INFLATE"] = engine
    shutil.rmtree(out, ignore_errors=True)
    result = run([tool, "analyze", "-q", "--jobs", "1", "-o", out, path], environment)[:3]
    calls = total = 0
    with open(os.path.join(out, "durations.csv"), newline="") as table:
        for row in csv.DictReader(table):
            if row["basis"] == "kernel_gpu":
                calls += int(row["calls"])
                total += int(row["total_ns"])
    return result + ((calls, total),)


def printed(run, command):
    wall, cpu, rss, output = run(command)
    answer = tuple(int(float(word)) for word in output.decode().replace('"', "").split()[-2:])
    return wall, cpu, rss, answer


def is_installed(module):
    return subprocess.run(
        [sys.executable, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def scripts(run, path, named):
    """A contender for each of these Python programs whose module is installed."""
    return [
        (label, lambda code=code: printed(run, [sys.executable, "-c", code, path]))
        for label, module, code in named if is_installed(module)
    ]


def compare(title, size, contenders, runs):
    """Runs all, in turns; prints medians, and stops when two answers differ."""
    results = collections.defaultdict(list)
    for turn in range(runs):
        for name, contender in contenders:
            # What takes so long tells with one run.
            if turn and results[name][0][0] > 10:
                continue
            results[name].append(contender())
    answers = {n: r[0][3] for n, r in results.items() if r[0][3] is not None}
    reference = next(iter(answers.values()))
    for name, (calls, total) in answers.items():
        # Sums of floating-point numbers differ in their last digits.
        if calls != reference[0] or abs(total - reference[1]) > reference[1] / 1e9 + 1:
            sys.exit(f"bench: {name} answers {calls} calls of {total} ns, not {reference}")
    print(f"{title}, {size / 1e6:.0f} MB of text: {len(answers)} programs find "
          f"{reference[0]} calls of {reference[1]} ns")
    print(f"{'':42} {'wall s':>8} {'times':>10} {'CPU s':>7} {'RSS MB':>7} {'MB/s':>6}")
    base = None
    for name, _ in contenders:
        wall, cpu, rss = (statistics.median(r[i] for r in results[name]) for i in range(3))
        base = base or wall
        print(f"{name:42} {wall:8.3f} {wall / base:10.2f} {cpu:7.2f} {rss:7.0f}"
              f" {size / 1e6 / wall:6.0f}")
    sys.stdout.flush()


def bench(run, tool, throughput, folder, size, runs):
    """Everything about traces with times."""
    paths = inputs(folder, size)
    out = os.path.join(folder, "out")
    version = subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True).stdout
    trace, records, gz = paths["trace"], paths["records"], paths["gzip"]
    large = os.path.getsize(paths["large"])
    has_jq = shutil.which("jq") is not None

    contenders = [
        ("commlens", lambda: commlens(run, tool, trace, out)),
        ("commlens, from gzip, zlib", lambda: commlens(run, tool, gz, out, "zlib")),
    ]
    if "ISA-L" in version:
        contenders.append(
            ("commlens, from gzip, ISA-L", lambda: commlens(run, tool, gz, out, "isal")))
    contenders += [
        ("cat | wc -c", lambda: run(f"cat {trace} | wc -c")[:3] + (None,)),
        ("zcat | wc -c", lambda: run(f"zcat {gz} | wc -c")[:3] + (None,)),
    ]
    contenders += scripts(run, trace, [
        ("orjson and a loop", "orjson", ORJSON), ("HTA", "hta", HTA),
        ("DuckDB read_json", "duckdb", DUCKDB)])
    if has_jq:
        contenders.append(("jq", lambda: printed(run, ["jq", JQ, trace])))
    compare("profiler's trace", os.path.getsize(trace), contenders, runs)
    compare("profiler's trace", large, [
        ("commlens", lambda: commlens(run, tool, paths["large"], out))], runs)

    contenders = [("commlens", lambda: commlens(run, tool, records, out))]
    contenders += scripts(run, records, [
        ("orjson and a loop", "orjson", ORJSON_LINES),
        ("DuckDB read_json", "duckdb", DUCKDB_LINES)])
    if has_jq:
        contenders.append(("jq", lambda: printed(run, ["jq", "-n", JQ_LINES, records])))
    compare("NCCL Inspector", os.path.getsize(records), contenders, runs)
    print("readers alone, text in memory, one core:")
    sys.stdout.flush()
    subprocess.run([throughput, "parse", trace, records], check=True)


if __name__ == "__main__":
    kind, path, size = sys.argv[1:]
    write = write_records if kind == "records" else write_trace
    write(path + ".part", int(size))
    os.rename(path + ".part", path)
