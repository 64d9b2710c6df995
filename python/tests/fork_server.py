"""Talks to a fork server as the server does."""

import json
import os
import struct
import subprocess
import sys
import time

PYTHON_DIRECTORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOM = "0" * 64


class ForkServer:
    def __init__(self, modules=(), path=None):
        environment = {**os.environ, "ST2_ACTION_EXECUTION_ID": ROOM, "PYTHONIOENCODING": "utf-8"}
        if path:
            environment["PYTHONPATH"] = path
        self.process = subprocess.Popen(
            [sys.executable, "-u", os.path.join(PYTHON_DIRECTORY, "stormtail_forkserver.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=environment,
        )
        self.count = 0
        data = json.dumps(modules).encode("utf-8")
        self.process.stdin.write(struct.pack(">I", len(data)) + data)
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def heard(self):
        return self.process.stdout.readline().decode().rstrip("\n")

    def heard_until(self, verb):
        while True:
            line = self.heard()
            if line.split(" ")[0] == verb or not line:
                return line

    def order(self, directory, text, place=None, **wish):
        """The name of the execution. place: what the order says instead of the directory. The directory is made, and the order written down in it, as the server does."""
        self.count += 1
        execution = "execution-%d" % self.count
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "run"), "w"):
            pass
        head = {
            "execution": execution,
            "directory": place or directory,
            "plan": "{}",
            "cwd": "/",
            "environment": {"PATH": os.environ["PATH"]},
            "result": os.path.join(directory, "result"),
            **wish,
        }
        data = json.dumps(head).encode("utf-8")
        self.process.stdin.write(struct.pack(">II", len(data), len(text)) + data + text)
        self.process.stdin.flush()
        return execution


def text_in(directory, name):
    try:
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise TimeoutError("waited for what does not come")
        time.sleep(0.01)
