import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qsignhub.foundation.engine import DataDirInUse, DataDirLock, EngineFailed

_HOLD = (
    "import sys; from pathlib import Path; from qsignhub.foundation.engine import DataDirLock\n"
    "with DataDirLock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


def _holder(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_holder_is_refused_by_folder_and_process(tmp_path: Path) -> None:
    with _holder(tmp_path) as first:
        with pytest.raises(DataDirInUse) as refused, DataDirLock(tmp_path):
            pass
        assert str(tmp_path) in refused.value.message
        assert f"process {first.pid}" in refused.value.message


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_lock_ends_with_its_holder(tmp_path: Path, end: signal.Signals) -> None:
    with _holder(tmp_path) as first:
        first.send_signal(end)
        first.wait()
    with DataDirLock(tmp_path):
        assert (tmp_path / "service.lock").read_text() == f"{os.getpid()}\n"


def test_released_it_can_be_taken_again(tmp_path: Path) -> None:
    lock = DataDirLock(tmp_path)
    for _ in range(2):
        with lock, pytest.raises(DataDirInUse), DataDirLock(tmp_path):
            pass


def _forked(begun: "multiprocessing.synchronize.Event", done: "multiprocessing.synchronize.Event") -> None:
    begun.set()
    done.wait(60)


def test_neither_programs_nor_forked_children_keep_it(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    begun, done = fork.Event(), fork.Event()
    with DataDirLock(tmp_path):
        child = fork.Process(target=_forked, args=(begun, done))
        child.start()
        assert begun.wait(60)
        program = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with DataDirLock(tmp_path):
            assert child.is_alive()
            assert program.poll() is None
    finally:
        done.set()
        child.join()
        program.kill()
        program.wait()


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineFailed, match="cannot be used"), DataDirLock(tmp_path / "file"):
        pass
