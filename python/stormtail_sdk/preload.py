"""Imports modules for the actions to come, and tells those apart that cannot be shared among processes."""

import importlib.util
import os
import sys
import tempfile
import threading

from stormtail_sdk.run_action import SDK_DIRECTORY


def load(modules, words):
    """Ends the process at the first module that does not do: it was imported then, and cannot be taken back."""
    # As an action will find it: see arrange_path in run_action.py.
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != SDK_DIRECTORY] + [SDK_DIRECTORY]
    printed = tempfile.TemporaryFile()
    os.dup2(printed.fileno(), 1)
    for name in modules:
        os.write(words, b"loading %s\n" % name.encode())
        problem = import_module(name) or problem_with_state(printed)
        if problem:
            os.write(words, ("unfit %s %s\n" % (name, problem)).encode("utf-8", "replace"))
            os._exit(3)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.close(nothing)


def import_module(name):
    try:
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    except ModuleNotFoundError:
        return None  # `from package import name` may mean an attribute; and what is missing, the action will say better
    except BaseException as error:
        return "%s: %s" % (type(error).__name__, " ".join(str(error).split())[:200])
    return None


def problem_with_state(printed):
    if threading.active_count() > 1 or threads_of_the_process() > 1:
        return "starts a thread, which a forked process does not have"
    sys.stdout.flush()
    if os.fstat(printed.fileno()).st_size > 0:
        return "prints while it is imported"
    return None


def threads_of_the_process():
    """Those of libraries in C, too. Only Linux tells."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1
