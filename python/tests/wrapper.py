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


def run_action(code, parameters=None, files=None, environment=None, stdin=None, name="action.py", **order):
    """files: more files of the pack, by path in it. stdin: raw text instead of the order."""
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
        completed = subprocess.run(
            [sys.executable, "-u", os.path.join(PYTHON_DIRECTORY, "stormtail_action.py")],
            input=(json.dumps(whole_order) if stdin is None else stdin).encode("utf-8"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "STORMTAIL_RESULT_FILE": result_file, "PYTHONIOENCODING": "utf-8", **(environment or {})},
            cwd=pack,
            timeout=60,
        )
        return Run(completed, result_file)
