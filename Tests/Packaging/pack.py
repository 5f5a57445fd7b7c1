#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packs an installed tree (`make install DESTDIR=ROOT PREFIX=/usr`) as tarball, .deb and wheel.

    pack.py ROOT OUT [tarball] [deb] [wheel]

The same tree gives the same bytes: entries are sorted, belong to root, and have the time of
SOURCE_DATE_EPOCH. OUT/SHA256SUMS is written last.
"""
import base64
import gzip
import hashlib
import os
import pathlib
import platform
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", 315532800))  # 1980, the first year of zip
SUMMARY = "What the GPUs of a distributed LLM job said to each other, by parallelism strategy"
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}


def files(root):
    return sorted(path for path in root.rglob("*") if path.is_file())


def mode(path):
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def tarball(root, out, version):
    """commlens-VERSION-linux-ARCH.tar.gz: bin, share and the licence below one folder."""
    name = f"commlens-{version}-linux-{platform.machine()}"
    with open(out / f"{name}.tar.gz", "wb") as raw:
        with gzip.GzipFile("", "wb", 9, raw, mtime=EPOCH) as zipped:
            with tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar:
                for path in files(root / "usr"):
                    entry = tarfile.TarInfo(f"{name}/{path.relative_to(root / 'usr')}")
                    entry.size, entry.mode, entry.mtime = path.stat().st_size, mode(path), EPOCH
                    with open(path, "rb") as content:
                        tar.addfile(entry, content)


def deb(root, out, version):
    """commlens_VERSION_ARCH.deb; the program is static, so that it depends on nothing."""
    architecture = DEBIAN[platform.machine()]
    with tempfile.TemporaryDirectory() as scratch:
        tree = pathlib.Path(scratch, "tree")
        shutil.copytree(root, tree)
        size = sum(path.stat().st_size for path in files(tree)) // 1024
        for path in files(tree / "usr/share/man"):
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
            path.unlink()
        completions = tree / "usr/share/zsh/site-functions"  # Debian's zsh looks elsewhere.
        if completions.exists():
            completions.rename(completions.with_name("vendor-completions"))
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN/control").write_text(
            f"Package: commlens\nVersion: {version}\nArchitecture: {architecture}\n"
            "Maintainer: The commlens maintainers <commlens@localhost>\n"
            f"Section: utils\nPriority: optional\nInstalled-Size: {size}\n"
            "Suggests: zstd, xz-utils, bzip2\n"
            f"Description: {SUMMARY}\n commlens reads debug logs of NCCL and RCCL, profiles and"
            " dumps, and tells how\n many bytes each parallelism strategy moved, when, and over"
            " which links.\n")
        for path in tree.rglob("*"):
            path.chmod(0o755 if path.is_dir() else mode(path))
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "--build", tree,
             out / f"commlens_{version}_{architecture}.deb"],
            check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)})


def wheel(root, out, version):
    """A wheel without any Python: `pip install` puts the program beside Python's own."""
    # A static program runs with any C library, so that every tag of the architecture fits.
    machine = platform.machine()
    tags = f"manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"
    info, data = f"commlens-{version}.dist-info", f"commlens-{version}.data"
    entries = {}
    for path in files(root / "usr"):
        place = path.relative_to(root / "usr")
        kind = "scripts" / place.relative_to("bin") if place.parts[0] == "bin" else "data" / place
        entries[f"{data}/{kind}"] = (path.read_bytes(), mode(path))
    licence = (root / "usr/share/doc/commlens/LICENSE").read_bytes()
    entries[f"{info}/licenses/LICENSE"] = (licence, 0o644)
    entries[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.4\nName: commlens\nVersion: {version}\nSummary: {SUMMARY}\n"
        "License-Expression: Apache-2.0\nLicense-File: LICENSE\n".encode(), 0o644)
    entries[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: commlens\nRoot-Is-Purelib: false\n".encode()
        + "".join(f"Tag: py3-none-{tag}\n" for tag in tags.split(".")).encode(), 0o644)
    record = ""
    for name, (content, _) in entries.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    entries[f"{info}/RECORD"] = (f"{record}{info}/RECORD,,\n".encode(), 0o644)
    with zipfile.ZipFile(out / f"commlens-{version}-py3-none-{tags}.whl", "w") as archive:
        for name, (content, bits) in entries.items():
            entry = zipfile.ZipInfo(name, time.gmtime(max(EPOCH, 315532800))[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            # Without the file's type pip installs a program that is not executable.
            entry.external_attr = (stat.S_IFREG | bits) << 16
            archive.writestr(entry, content)


def main(root, out, kinds):
    version = subprocess.run(
        [root / "usr/bin/commlens", "--version"], check=True, capture_output=True, text=True,
    ).stdout.split()[1]
    out.mkdir(parents=True, exist_ok=True)
    for kind in kinds or ["tarball", "deb", "wheel"]:
        {"tarball": tarball, "deb": deb, "wheel": wheel}[kind](root, out, version)
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in files(out) if path.name != "SHA256SUMS"]
    (out / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])
