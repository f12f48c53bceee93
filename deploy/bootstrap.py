"""Put what a requirements file lists into .venv: python deploy/bootstrap.py requirements-dev.txt

Runs before anything is installed, so it uses the standard library only, and syntax that an older Python can
still read far enough to say which Python is wanted. Where wheelhouse/ stands, nothing comes from the network.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("DUBAN_VENV") or ROOT / ".venv")
PYTHON = VENV / "bin" / "python"
WHEELHOUSE = ROOT / "wheelhouse"
STAMP = VENV / "installed.json"  # requirements file -> hash of what was installed from it


def check_python() -> None:
    """Stop with one sentence unless this is Python 3.11."""
    if sys.version_info[:2] != (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"需要 Python 3.11，当前是 {found}：请安装后再试，或 make run PYTHON=/路径/python3.11。")


def wanted_hash(requirements: str) -> str:
    """The hash of a requirements file, of the one it includes, and of where the environment stands."""
    names = {"requirements.txt", requirements}
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in sorted(names)]
    return hashlib.sha256("\0".join([str(VENV), *texts]).encode()).hexdigest()


def installed_hashes() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def is_installed(requirements: str) -> bool:
    """An environment named by DUBAN_VENV is somebody's own and is used as it stands."""
    if os.environ.get("DUBAN_VENV"):
        return PYTHON.exists()
    return PYTHON.exists() and installed_hashes().get(requirements) == wanted_hash(requirements)


def make_environment() -> None:
    """Make .venv, or mend one that was left half-made or whose Python has gone."""
    try:
        venv.create(VENV, clear=not PYTHON.exists(), symlinks=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"建不了虚拟环境 {VENV}：{error}；Debian、Ubuntu 请先安装 python3.11-venv。")


def pip(*arguments: str) -> int:
    """Run the environment's pip. Where wheelhouse/ stands, install from it alone."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    environment = dict(os.environ)
    if WHEELHOUSE.is_dir() and arguments[0] == "install":
        environment = {name: value for name, value in environment.items() if not name.startswith("PIP_")}
        environment["PIP_CONFIG_FILE"] = os.devnull
        command += ["--no-index", "--find-links", str(WHEELHOUSE)]
    return subprocess.call(command, cwd=ROOT, env=environment)


def install(requirements: str) -> None:
    """Install once per content of the requirements file."""
    if is_installed(requirements):
        return
    make_environment()
    if pip("install", "--quiet", "-r", requirements):
        if WHEELHOUSE.is_dir():
            sys.exit("安装失败：wheelhouse/ 与依赖清单不符，请在联网的机器上重新 make wheelhouse 后拷来。")
        sys.exit("安装失败：请检查网络，或在联网的机器上 make wheelhouse，再把 wheelhouse/ 拷到本目录。")
    hashes = installed_hashes() | {name: wanted_hash(name) for name in {"requirements.txt", requirements}}
    STAMP.write_text(json.dumps(hashes, indent=1), encoding="utf-8")


def collect_wheels() -> None:
    """Fill wheelhouse/ with a wheel of every requirement, the tests' too; never leave half of it."""
    if not PYTHON.exists():
        make_environment()
    part = WHEELHOUSE.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    if pip("wheel", "--quiet", "--wheel-dir", str(part), "-r", "requirements-dev.txt"):
        sys.exit("收集失败：请检查网络后重试 make wheelhouse。")
    shutil.rmtree(WHEELHOUSE, ignore_errors=True)
    part.rename(WHEELHOUSE)
    print(f"wheelhouse/：{len(list(WHEELHOUSE.glob('*.whl')))} 个安装包。")


if __name__ == "__main__":
    check_python()
    if sys.argv[1:] == ["--wheelhouse"]:
        collect_wheels()
    else:
        install(sys.argv[1])
