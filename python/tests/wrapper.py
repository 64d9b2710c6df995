"""Starts the wrapper as the action runner does, on an action written for the test."""

import json
import os
import subprocess
import sys
import tempfile

PYTHON_DIRECTORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Run:
    def __init__(self, completed, result_file):
        self.exit_code = completed.returncode
        self.stdout = completed.stdout.decode("utf-8")
        self.stderr = completed.stderr.decode("utf-8")
        self.answer = None
        if os.path.exists(result_file):
            with open(result_file, encoding="utf-8") as file:
                self.answer = json.load(file)


def run_action(code, parameters=None, files=None, environment=None, stdin=None, name="action.py", beside=None, **order):
    """files: more files of the pack, by path in it. stdin: raw text instead of the order. beside: the action's own standard
    input; the order comes beside it, on another descriptor."""
    with tempfile.TemporaryDirectory() as pack:
        actions = os.path.join(pack, "actions")
        for path, text in {"actions/" + name: code, **(files or {})}.items():
            os.makedirs(os.path.dirname(os.path.join(pack, path)), exist_ok=True)
            with open(os.path.join(pack, path), "w", encoding="utf-8") as file:
                file.write(text)
        result_file = os.path.join(pack, "result.json")
        whole_order = {
            "file_path": os.path.join(actions, name),
            "pack": "demo",
            "user": "ann",
            "parameters": parameters or {},
            "config": {},
            "log_level": "DEBUG",
            "pythonpath": [os.path.join(actions, "lib"), actions],
            **order,
        }
        text = json.dumps(whole_order) if stdin is None else stdin
        variables = {"STORMTAIL_RESULT_FILE": result_file, "PYTHONIOENCODING": "utf-8", **(environment or {})}
        with tempfile.TemporaryFile() as order_file:
            order_file.write(text.encode("utf-8"))
            order_file.seek(0)
            if beside is not None:
                variables["STORMTAIL_ORDER_FD"] = str(order_file.fileno())
            completed = subprocess.run(
                [sys.executable, "-u", os.path.join(PYTHON_DIRECTORY, "stormtail_action.py")],
                input=(text if beside is None else beside).encode("utf-8"),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **variables},
                cwd=pack,
                timeout=60,
                pass_fds=[order_file.fileno()],
            )
        return Run(completed, result_file)
