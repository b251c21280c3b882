"""Functions for other processes, in a module that imports next to nothing."""

import errno
import os
import signal


def double(number):
    return 2 * number


def end_abruptly(number):
    if number == 30:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def find_the_disk_full(path):
    raise OSError(errno.ENOSPC, "No space left on device", path)
