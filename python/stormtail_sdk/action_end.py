"""How the process of a forked action ends: as an interpreter of its own would, without taking apart what it shares.

A whole finalization touches every object of the fork server, and costs more than all the rest of an action.
"""

import atexit
import gc
import io
import os
import signal
import sys
import threading
import traceback

EXIT_EXCEPTION = 1


def exit_code_of(run):
    try:
        run()
        return 0
    except SystemExit as error:
        return code_of(error.code)
    except KeyboardInterrupt:
        traceback.print_exc()
        # As Python does, so that whoever waits sees what it died of.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        return 128 + signal.SIGINT
    except BaseException:
        traceback.print_exc()
        return EXIT_EXCEPTION


def code_of(wish):
    if wish is None:
        return 0
    if isinstance(wish, int):
        return wish & 0xFF
    sys.stderr.write("%s\n" % (wish,))
    return EXIT_EXCEPTION


def end_process(code, directory, origin):
    """Does not return."""
    last_duties = (threading._shutdown, atexit._run_exitfuncs, flush_files, lambda: forget_modules(origin.modules))
    for duty in (*last_duties, flush_streams):
        try:
            duty()
        except BaseException:
            traceback.print_exc()
    if os.getppid() != origin.pid:
        # The fork server is gone, which would have written it.
        write_exit(code, directory)
    os._exit(code)


def flush_files():
    """What the action left open. Text first: its buffer is emptied into the one below. (Frozen objects are not among these.)"""
    opened = [each for each in gc.get_objects() if isinstance(each, (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom))]
    for file in sorted(opened, key=lambda each: not isinstance(each, io.TextIOWrapper)):
        if not file.closed:
            file.flush()


def forget_modules(shared):
    """What lives in the action's modules is destroyed, so that destructors run."""
    if threading.active_count() > 1:
        return  # a daemon thread would find its modules empty, and say so
    for name in [name for name in sys.modules if name not in shared]:
        del sys.modules[name]
    gc.collect()


def flush_streams():
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()


def write_exit(code, directory):
    try:
        status = os.open(os.path.join(directory, b"status"), os.O_WRONLY | os.O_APPEND)
        os.write(status, b"exit %d\n" % code)
    except OSError:
        pass  # cleared up already, or no room left: nobody is there to be told
