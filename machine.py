"""What this process may use of its machine: the container's limits where it has any. Source: https://docs.kernel.org/admin-guide/cgroup-v2.html"""
import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def cores(cgroup: Path = CGROUP) -> int:
    """Processor cores, at least one: those of the machine that this process may run on, or the cgroup's CPU quota, rounded up, where that is less."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if quota := cpu_quota(cgroup):
        return max(1, min(available, math.ceil(quota)))
    return available


def cpu_quota(cgroup: Path) -> float | None:
    """Cores' worth of time that a cgroup (version 2, or 1) may use; None where it is not limited."""
    if (file := cgroup / "cpu.max").exists():
        quota, period = file.read_text().split()
    elif (file := cgroup / "cpu" / "cpu.cfs_quota_us").exists():
        quota, period = file.read_text().strip(), file.with_name("cpu.cfs_period_us").read_text().strip()
    else:
        return None
    return None if quota in ("max", "-1") else int(quota) / int(period)


def memory(cgroup: Path = CGROUP) -> int:
    """Bytes: the machine's, or the cgroup's limit where that is less."""
    files = (cgroup / "memory.max", cgroup / "memory" / "memory.limit_in_bytes")  # cgroup versions 2 and 1
    limits = [text for file in files if file.exists() and (text := file.read_text().strip()) != "max"]
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *map(int, limits)])
