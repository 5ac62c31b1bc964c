"""The machine that was measured, as far as Linux tells; nothing that names it."""

import os
import platform
from pathlib import Path


def description(folder: Path) -> str:
    """Cores, disk under the folder, kernel, Python: one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.release()}"
    return f"{cores} cores ({_processor()}), {_disk(folder)}, {system}, Python {platform.python_version()}"


def _processor() -> str:
    lines = _lines(Path("/proc/cpuinfo"))
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _disk(folder: Path) -> str:
    """The file system, and its device."""
    mounts = [line.split()[:3] for line in _lines(Path("/proc/mounts"))]
    above = [mount for mount in mounts if folder.resolve().is_relative_to(mount[1])]
    if not above:
        return "an unknown disk"
    device, _, kind = max(above, key=lambda mount: len(mount[1]))
    return f"{kind} on {Path(device).name}"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
