"""A container's CPU quota counts where it is lower than the number of cores."""

import os
from pathlib import Path

import pytest

from judge.cpus import available_cpus, cpu_quota

CASES = [
    pytest.param("0::/a/b\n", {"a/b/cpu.max": "150000 100000"}, 1.5, id="v2, own cgroup"),
    pytest.param("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000"}, 3.0, id="v2, ancestor"),
    pytest.param("0::/a/b\n", {"a/b/cpu.max": "400000 100000", "a/cpu.max": "200000 100000"}, 2.0, id="v2, lowest"),
    pytest.param("0::/\n", {"cpu.max": "250000 100000"}, 2.5, id="v2, root of a container"),
    pytest.param("0::/a\n", {"a/cpu.max": "max 100000", "other/cpu.max": "100000 100000"}, None, id="v2, no limit"),
    pytest.param("0::/../a\n", {"cpu.max": "100000 100000"}, 1.0, id="v2, outside of the namespace"),
    pytest.param(
        "4:cpu,cpuacct:/a\n", {"cpu,cpuacct/a/cpu.cfs_quota_us": "350000", "cpu,cpuacct/a/cpu.cfs_period_us": "100000"},
        3.5, id="v1, named by its controllers",
    ),
    pytest.param(
        "9:memory:/m\n1:cpu:/docker/1\n", {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"},
        2.0, id="v1, path of the host",
    ),
    pytest.param(
        "1:cpu:/a\n", {"cpu/a/cpu.cfs_quota_us": "-1", "cpu/a/cpu.cfs_period_us": "100000"}, None, id="v1, no limit"
    ),
    pytest.param("1:cpu:/a\n0::/\n", {}, None, id="nothing mounted"),
]  # fmt: skip


def write_tree(root: Path, own_cgroups: str, files: dict[str, str]) -> tuple[Path, Path]:
    """Write a tree of cgroups, and the list of those that a process is in; return both paths."""
    (root / "own").write_text(own_cgroups)
    for name, text in files.items():
        (root / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "cgroup" / name).write_text(text + "\n")
    return root / "cgroup", root / "own"


@pytest.mark.parametrize(("own_cgroups", "files", "quota"), CASES)
def test_the_quota_is_the_lowest_of_the_own_cgroup_and_its_ancestors(
    tmp_path: Path, own_cgroups: str, files: dict[str, str], quota: float | None
) -> None:
    assert cpu_quota(*write_tree(tmp_path, own_cgroups, files)) == quota


@pytest.mark.parametrize(
    ("cpu_max", "most"),
    [
        pytest.param("150000 100000", 1, id="whole CPUs only"),
        pytest.param("50000 100000", 1, id="never none"),
        pytest.param("102400000 100000", 1024, id="more than there are"),
        pytest.param("max 100000", 1024, id="no limit"),
    ],
)
def test_cpus_are_counted_by_affinity_and_quota(tmp_path: Path, cpu_max: str, most: int) -> None:
    tree = write_tree(tmp_path, "0::/\n", {"cpu.max": cpu_max})
    assert available_cpus(*tree) == min(len(os.sched_getaffinity(0)), most)


def test_a_machine_without_cgroups_counts_its_cores(tmp_path: Path) -> None:
    assert available_cpus(tmp_path, tmp_path / "missing") == len(os.sched_getaffinity(0))
