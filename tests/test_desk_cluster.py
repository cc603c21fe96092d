"""`poolkit grade --cluster`: a real scheduler and two workers, some of them lost on the way."""

import contextlib
import socket
import subprocess
import sys
import threading

import pytest

from poolkit.course.desk import cluster
from poolkit.course.desk.grade import main
from tests.test_grade import RIGHT, WRONG, hand_in
from tests.tools import wait_until

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture
def dask():
    """Start parts of a cluster by name; all of them end with the test."""
    with contextlib.ExitStack() as running, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()

        def start(part):
            where = ["--host", "127.0.0.1", "--port", str(port)]
            options = (
                where
                if part == "scheduler"
                else [f"tcp://127.0.0.1:{port}", "--nthreads", "1", "--no-nanny"]
            )
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", part, "--no-dashboard", *options],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            running.callback(process.wait)
            running.callback(process.kill)
            return process

        start.address = f"tcp://127.0.0.1:{port}"
        yield start


@pytest.fixture
def handed_in(tmp_path):
    return [
        hand_in(
            tmp_path / f"{n}_00_start_here.ipynb",
            [f"import time; time.sleep(0.5); n = {n}", RIGHT if n % 3 else WRONG],
        )
        for n in range(12)
    ]


def test_same_bytes_though_a_worker_and_the_scheduler_are_lost(dask, handed_in, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    assert main([*handed_in, "--results", str(here)]) == 0
    scheduler, workers = dask("scheduler"), [dask("worker"), dask("worker")]
    wait_until(lambda: answers(dask.address, workers=2), within=60)
    codes = []
    grading = threading.Thread(
        target=lambda: codes.append(
            main([*handed_in, "--results", str(there), "--cluster", dask.address])
        )
    )

    grading.start()
    wait_until(lambda: lines(there) >= 2, within=60)
    workers[0].kill()
    wait_until(lambda: lines(there) >= 4, within=60)
    scheduler.kill()
    scheduler.wait()
    before = lines(there)
    dask("scheduler")
    dask("worker")
    dask("worker")
    grading.join(120)

    assert (codes, before < 12) == ([0], True)
    assert there.read_bytes() == here.read_bytes()


def answers(address, workers):
    client = cluster._connect(address)
    if client is None:
        return False
    with client:
        return len(client.scheduler_info()["workers"]) >= workers


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_no_scheduler_is_one_line(handed_in, capsys):
    assert main([handed_in[0], "--cluster", "tcp://127.0.0.1:1"]) == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in capsys.readouterr().err
