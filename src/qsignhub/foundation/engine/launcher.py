"""Becomes a program of PostgreSQL's: another user, and a signal when its parent dies. Run as a script.

    python -I -S launcher.py UID GID SIGNAL PARENT PROGRAM [ARGUMENT ...]

A script of its own rather than code between fork and exec, which is unsafe where threads run.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def _become(uid: int, gid: int, death_signal: int, parent: int, argv: list[str]) -> None:
    os.umask(0o077)
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After setuid, which clears it; kept by exec. It follows the thread that started us.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            sys.exit("the supervisor is gone")
    try:
        os.execv(argv[0], argv)  # noqa: S606 - the supervisor's own command
    except OSError as exc:
        sys.exit(f"error: cannot execute {argv[0]}: {exc.strerror}")


if __name__ == "__main__":
    _become(*map(int, sys.argv[1:5]), sys.argv[5:])  # type: ignore[call-arg, arg-type]
