"""Runs an action written for the test, as the action runner does: in an interpreter of its own, or forked."""

import json
import os
import subprocess
import sys
import tempfile

from tests.fork_server import PYTHON_DIRECTORY, ForkServer, text_in

# Used instead of new interpreters while it is set.
fork_server = None


class Forked:
    """For test cases: their actions are forked."""

    @classmethod
    def setUpClass(cls):
        global fork_server
        super().setUpClass()
        fork_server = ForkServer(["st2common.runners.base_action"])
        fork_server.heard_until("ready")

    @classmethod
    def tearDownClass(cls):
        global fork_server
        fork_server.__exit__()
        fork_server = None
        super().tearDownClass()


class Run:
    def __init__(self, exit_code, stdout, stderr, result_file):
        self.exit_code = exit_code
        self.stdout = stdout
        self.stderr = stderr
        self.answer = None
        if os.path.exists(result_file):
            with open(result_file, encoding="utf-8") as file:
                self.answer = json.load(file)


def run_action(
    code, parameters=None, files=None, environment=None, stdin=None, stdin_text=None, name="action.py", beside=None, **order
):
    """files: more files of the pack, by path in it. stdin: raw text instead of the order. stdin_text: what the action is to
    read. beside: its own standard input; the order comes beside it, on another descriptor, which is not for forked ones."""
    with tempfile.TemporaryDirectory() as pack:
        actions = os.path.join(pack, "actions")
        for path, text in {"actions/" + name: code, **(files or {})}.items():
            os.makedirs(os.path.dirname(os.path.join(pack, path)), exist_ok=True)
            with open(os.path.join(pack, path), "w", encoding="utf-8") as file:
                file.write(text)
        whole_order = {
            "file_path": os.path.join(actions, name),
            "pack": "demo",
            "user": "ann",
            "parameters": parameters or {},
            "config": {},
            "log_level": "DEBUG",
            "pythonpath": [os.path.join(actions, "lib"), actions],
            **({"stdin": stdin_text} if stdin_text else {}),
            **order,
        }
        text = (json.dumps(whole_order) if stdin is None else stdin).encode("utf-8")
        variables = {**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})}
        if fork_server:
            return run_forked(pack, text, variables)
        return run_cold(pack, text, variables, None if beside is None else beside.encode("utf-8"))


def run_cold(pack, text, environment, beside):
    result_file = os.path.join(pack, "result.json")
    variables = {"STORMTAIL_RESULT_FILE": result_file, **environment}
    with tempfile.TemporaryFile() as order_file:
        order_file.write(text)
        order_file.seek(0)
        if beside is not None:
            variables["STORMTAIL_ORDER_FD"] = str(order_file.fileno())
        completed = subprocess.run(
            [sys.executable, "-u", os.path.join(PYTHON_DIRECTORY, "stormtail_action.py")],
            input=text if beside is None else beside,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=variables,
            cwd=pack,
            timeout=60,
            pass_fds=[order_file.fileno()],
        )
    return Run(completed.returncode, completed.stdout.decode("utf-8"), completed.stderr.decode("utf-8"), result_file)


def run_forked(pack, text, environment):
    directory = os.path.join(pack, "execution")
    execution = fork_server.order(directory, text, environment=environment, cwd=pack)
    while True:
        words = fork_server.heard_until("ended").split(" ")
        if len(words) < 3:
            raise RuntimeError("the fork server is gone")
        if words[1] == execution:
            break
    result_file = os.path.join(directory, "result")
    return Run(int(words[2]), text_in(directory, "stdout"), text_in(directory, "stderr"), result_file)
