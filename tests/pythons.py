"""Other Pythons of this machine."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def base(version: str) -> Path:
    """The folder of a Python, such as /usr or one of pyenv's or uv's. Skips the test where there is none."""
    named = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local" / "share" / "uv" / "python"))
    found = [Path(named)] if named else []
    found += sorted(pyenv.glob(f"{version}.*/bin/python{version}")) + sorted(managed.glob(f"cpython-{version}.*/bin/python{version}"))
    program = "import sys; print(*sys.version_info[:2], sep='.'); print(sys.base_prefix)"
    for python in found:
        asked = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)  # a pyenv shim may fail
        if asked.returncode == 0 and asked.stdout.split()[0] == version:
            return Path(asked.stdout.splitlines()[1])
    pytest.skip(f"no Python {version}: install it on the PATH, with pyenv, or with .venv-uv/bin/uv python install {version}")
