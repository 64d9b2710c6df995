"""A resident interpreter that has imported what actions need, and forks one process for each action.

Reads from standard input first the modules to import: a length (four bytes, big endian) and a JSON list of names. Then it
says `ready <version>` on standard output, and waits for orders; what is in one, and how it is carried out, is in
stormtail_sdk/forked_action.py. It says

    loading <module>              before each import; without a `ready` after it, the last one did not do
    unfit <module> <why>          the same in words, and ends
    started <execution> <pid>     by the process of the action itself, once it has claimed the execution
    taken <execution>             somebody else has claimed it
    refused <execution> <errno>   it could not be claimed
    ended <execution> <code>      once its exit status is in the file `status`
    lost                          no more orders are taken; what runs is waited for

The process that waits for an order is forked before the order comes, and reads it by itself: what is in one order (a
configuration, a token) never gets into the memory that the later ones are forked from. The fork server only waits for
processes, and writes down how they ended. It goes when its input ends, but not before all its actions have ended. Killed
alone, it takes no action with it: each then writes down its own exit status.
"""

import gc
import json
import os
import select
import signal
import struct
import sys

from stormtail_sdk import forked_action, preload

READ_SIZE = 65536


def main():
    # Standard output and input are the server's; from here on, what an import prints or reads meets neither.
    orders, words = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)

    environment = dict(os.environb)
    (size,) = struct.unpack(">I", forked_action.read_exactly(orders, 4))
    preload.load(json.loads(forked_action.read_exactly(orders, size).decode("utf-8")), words)
    origin = forked_action.Origin(environment)
    gc.collect()
    gc.freeze()
    # A collection would write to pages that all the forked processes share.
    gc.disable()
    os.write(words, b"ready %d.%d.%d\n" % sys.version_info[:3])
    ForkServer(orders, words, origin).serve()


class ForkServer:
    def __init__(self, orders, words, origin):
        self.orders = orders
        self.words = words
        self.origin = origin
        # Execution and directory, by pid.
        self.running = {}
        # The process that waits for an order; None when no more are taken.
        self.waiting = None
        self.taken, self.tell_taken = os.pipe()
        self.woken, self.wake = os.pipe()
        self.unread = b""
        for end in (self.taken, self.woken, self.wake):
            os.set_blocking(end, False)
        self.handler_before = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wake, warn_on_full_buffer=False)

    def serve(self):
        self.fork()
        while self.waiting is not None or self.running:
            select.select([self.taken, self.woken], [], [])
            read_some(self.woken)
            # First who is dead, then who took an order: whoever is dead did so before.
            dead = list(reap())
            self.note_taken()
            for pid, status in dead:
                self.note_end(pid, status)
            if self.waiting in self.running:
                self.fork()

    def fork(self):
        try:
            self.waiting = os.fork()
        except OSError:
            self.take_no_more()
            return
        if self.waiting == 0:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, self.handler_before or signal.SIG_DFL)
                for end in (self.taken, self.woken, self.wake):
                    os.close(end)
                forked_action.wait_and_run(self.origin, self.orders, self.tell_taken, self.words)
            finally:
                os._exit(1)

    def note_taken(self):
        *lines, self.unread = (self.unread + read_some(self.taken)).split(b"\n")
        for line in lines:
            pid, execution, directory = line.split(b" ", 2)
            self.running[int(pid)] = execution, directory

    def note_end(self, pid, status):
        execution, directory = self.running.pop(pid, (None, None))
        if execution is not None:
            code = write_end(directory, status)
            self.say(b"ended %s %d" % (execution, code))
            if pid == self.waiting:
                self.fork()
        elif pid == self.waiting:
            if status == 0:
                self.waiting = None  # the input is at its end
            else:
                self.take_no_more()

    def take_no_more(self):
        """Somebody killed the process that waits, perhaps in the middle of an order; or there is no room for another."""
        self.waiting = None
        os.close(self.orders)
        self.say(b"lost")

    def say(self, words):
        try:
            os.write(self.words, words + b"\n")
        except OSError:
            pass  # the server is gone; what matters is in the files


def reap():
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def write_end(directory, status):
    """The exit code as shells count it. What died of a signal is told apart from what chose the same code."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        code, words = 128 + number, b"signal %s\n" % signal_name(number)
    else:
        code, words = os.WEXITSTATUS(status), b""
    try:
        file = os.open(os.path.join(directory, b"status"), os.O_WRONLY | os.O_APPEND)
    except OSError:
        return code  # it ended before it claimed anything, or a later server has cleared up already
    try:
        os.write(file, b"%sexit %d\n" % (words, code))
    except OSError:
        pass  # no room left: the server hears it all the same
    finally:
        os.close(file)
    return code


def signal_name(number):
    try:
        return signal.Signals(number).name.encode()
    except ValueError:
        return b"%d" % number


def read_some(end):
    try:
        return os.read(end, READ_SIZE)
    except BlockingIOError:
        return b""


if __name__ == "__main__":
    main()
