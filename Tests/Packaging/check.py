#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries every package where nothing else is installed.

    check.py ROOT PACKAGES

Packing the tree again must give the same bytes. Then the tarball and the .deb are unpacked into
empty folders, which become the root of a process that sees nothing else but /proc, and the wheel is
installed into a fresh virtual environment. Each program analyses traces/vllm-tp4, and its report
must be reports/vllm-tp4 byte for byte.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pack

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
JOB = "vllm-tp4"


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, capture_output=True, **options).stdout


def same(made, expected, what):
    names = sorted(path.name for path in expected.iterdir())
    assert sorted(path.name for path in made.iterdir()) == names, f"{what}: other files"
    for name in names:
        assert (made / name).read_bytes() == (expected / name).read_bytes(), f"{what}: {name}"


def try_inside(root, program, what):
    """Runs a program with `root` as its only file system, as a node of a cluster might."""
    shutil.copytree(REPOSITORY / "traces" / JOB, root / "traces")
    (root / "proc").mkdir()
    alone = ["unshare", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc",
             "--root", str(root), program]
    version = run(*alone, "--version", env={})
    # A static program cannot load ISA-L, and says so.
    assert "inflate zlib" in version, version
    run(*alone, "analyze", "/traces", "-o", "/report", "-q", env={})
    same(root / "report", REPOSITORY / "reports" / JOB, what)
    print(f"{what}: {version.strip()}")


def try_deb(package, scratch):
    root = scratch / "deb"
    if os.geteuid() == 0:
        for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates"]:
            (root / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        run("dpkg", f"--root={root}", "--log=/dev/null", "-i", package)
    else:
        run("dpkg-deb", "-x", package, root)
    try_inside(root, "/usr/bin/commlens", package.name)


def try_wheel(package, scratch):
    environment = scratch / "venv"
    run(sys.executable, "-m", "venv", environment)
    run(environment / "bin/pip", "install", "--quiet", "--no-index", "--no-deps", package)
    out = scratch / "wheel-report"
    run(environment / "bin/commlens", "analyze", REPOSITORY / "traces" / JOB, "-o", out, "-q")
    same(out, REPOSITORY / "reports" / JOB, package.name)
    print(f"{package.name}: installed by pip")


def main(root, packages):
    run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=packages)
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        pack.main(root, scratch / "again", [])
        same(scratch / "again", packages, "packed twice")
        for package in pack.files(packages):
            if package.name.endswith(".tar.gz"):
                (scratch / "tar").mkdir()
                run("tar", "-xzf", package, "-C", scratch / "tar", "--strip-components=1")
                try_inside(scratch / "tar", "/bin/commlens", package.name)
            elif package.suffix == ".deb":
                try_deb(package, scratch)
            elif package.suffix == ".whl":
                try_wheel(package, scratch)
    print("Every package works alone.")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
