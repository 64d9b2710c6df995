"""The process of one forked action: waits for its order, claims the execution, becomes what the order asks for, runs it.

An order is two lengths (four bytes each, big endian), a JSON object, and the input as a cold start reads it from standard
input (run_action.py):

    {"execution": "<id>", "directory": "/…/<id>", "plan": "<text for the status file>", "cwd": "/packs/demo",
     "environment": {"PATH": "…"}, "result": "/…/<id>/result", "limits": {"openFilesMax": 100}}

What the files in the directory are for: src/runners/local/process-status.ts and start-files.ts.
"""

import gc
import json
import os
import resource
import struct
import sys
import tempfile
import time

from stormtail_sdk import execution_marker, run_action
from stormtail_sdk.action_end import end_process, exit_code_of

WRAPPER = os.path.join(run_action.SDK_DIRECTORY, "stormtail_action.py")

LIMITS = {
    "fileBytesMax": resource.RLIMIT_FSIZE,
    "processesMax": resource.RLIMIT_NPROC,
    "cpuSecondsMax": resource.RLIMIT_CPU,
    "memoryBytesMax": resource.RLIMIT_AS,
    "openFilesMax": resource.RLIMIT_NOFILE,
}


class Origin:
    """What the forked process knows of the one it was forked from."""

    def __init__(self, environment_before):
        """environment_before: os.environb before anything was preloaded."""
        self.pid = os.getpid()
        self.modules = frozenset(sys.modules)
        self.marker = execution_marker.find()
        self.boot_id = boot_id()
        # Set by what was imported, as it would have been in a process of its own.
        self.variables = {
            name: value for name, value in os.environb.items() if environment_before.get(name) != value
        }


def wait_and_run(origin, orders, tell_taken, words):
    """Does not return."""
    lengths = read_exactly(orders, 8)
    if lengths is None:
        os._exit(0)
    head_size, input_size = struct.unpack(">II", lengths)
    order = json.loads(read_exactly(orders, head_size).decode("utf-8"))
    text = read_exactly(orders, input_size)
    execution, directory = order["execution"].encode(), order["directory"].encode()
    os.setpgid(0, 0)
    os.write(tell_taken, b"%d %s %s\n" % (os.getpid(), execution, directory))
    os.close(orders)
    os.close(tell_taken)
    execution_marker.write(origin.marker, execution)
    if not claim(order, execution, directory, origin, words):
        os._exit(0)
    os.close(words)
    end_process(exit_code_of(lambda: carry_out(order, text, directory, origin)), directory, origin)


def claim(order, execution, directory, origin, words):
    """Only one process can make the file: an execution is started once, also where a server died between asking for it
    and hearing of it."""
    path = os.path.join(directory, b"status")
    try:
        status = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    except OSError as error:
        say(words, b"taken %s" % execution if isinstance(error, FileExistsError) else refusal(execution, error))
        return False
    # Whoever gives the start up removes the order first and then looks for the file: one of the two sees the other.
    if not os.path.exists(os.path.join(directory, b"run")):
        os.write(status, b"late\n")
        return False
    pid = os.getpid()
    text = b"pid %d\nplan %s\n%sgroup %d\n" % (pid, order["plan"].encode(), since(origin), pid)
    try:
        os.write(status, text)
    except OSError as error:
        os.unlink(path)
        say(words, refusal(execution, error))
        return False
    # Not kept: an action may close it, and be given its number for a file of its own.
    os.close(status)
    say(words, b"started %s %d" % (execution, pid))
    return True


def refusal(execution, error):
    return b"refused %s %d" % (execution, error.errno or 0)


def say(words, text):
    try:
        os.write(words, text + b"\n")
    except OSError:
        pass  # the server is gone: the next one finds the files


def since(origin):
    """By its start time, a later server tells this process from another that was given its pid."""
    stat = read_file("/proc/self/stat")
    if not stat:
        return b""
    return b"since %s %s\n" % (stat[stat.rindex(b")") + 2 :].split()[19], origin.boot_id)


def boot_id():
    return read_file("/proc/sys/kernel/random/boot_id").strip()


def carry_out(order, text, directory, origin):
    become(order, directory, origin)
    input_order = run_action.parse_order(text)
    if hides_what_is_loaded(input_order, origin):
        start_cold(order, text, directory)
    if input_order.get("stdin"):
        run_action.replace_input(input_order["stdin"])
    gc.enable()
    run_action.perform(input_order, order["result"])


def become(order, directory, origin):
    for name, stream in ((b"stdout", 1), (b"stderr", 2)):
        file = os.open(os.path.join(directory, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(file, stream)
        os.close(file)
    replace_environment(order["environment"], origin.variables)
    os.chdir(order["cwd"].encode())
    time.tzset()
    tempfile.tempdir = None
    sys.argv[:] = [WRAPPER]
    # Python reseeds its own generator; this one is as old, and seeded once when it is imported.
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random:
        numpy_random.seed()
    for name, value in (order.get("limits") or {}).items():
        set_limit(LIMITS[name], value)


def replace_environment(wanted, added):
    """Only what differs: each change costs copies of pages that are shared so far."""
    environment = {**added, **{name.encode(): value.encode() for name, value in wanted.items()}}
    for name in [name for name in os.environb if name not in environment]:
        del os.environb[name]
    for name, value in environment.items():
        if os.environb.get(name) != value:
            os.environb[name] = value


# After the signal that can be caught, in which a program may say that its time is up; as the shells have it.
CPU_GRACE_SECONDS = 5


def set_limit(limit, value):
    _, hard = resource.getrlimit(limit)
    ceiling = value + CPU_GRACE_SECONDS if limit == resource.RLIMIT_CPU else value
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    resource.setrlimit(limit, (min(value, ceiling), ceiling))


def hides_what_is_loaded(input_order, origin):
    """A library of the pack is called like a module that is loaded already: in a process of its own it would come first."""
    for path in (input_order.get("pythonpath") or [])[:1]:
        try:
            names = os.listdir(path)
        except OSError:
            continue
        if not origin.modules.isdisjoint(name.split(".", 1)[0] for name in names):
            return True
    return False


def start_cold(order, text, directory):
    path = os.path.join(directory, b"stdin")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.unlink(path)
    with os.fdopen(os.dup(file), "wb") as writer:
        writer.write(text)
    os.lseek(file, 0, os.SEEK_SET)
    os.dup2(file, 0)
    environment = {**order["environment"], "STORMTAIL_RESULT_FILE": order["result"]}
    os.execve(sys.executable, [sys.executable, "-u", WRAPPER], environment)


def read_exactly(end, size):
    """None where the input is at its end."""
    parts = []
    while size > 0:
        part = os.read(end, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
