"""Running commands."""

import shlex
import subprocess

__all__ = ["quote_unix", "quote_windows", "run_command"]

quote_unix = shlex.quote


def quote_windows(value):
    return subprocess.list2cmdline([value])


def run_command(
    cmd, stdin=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, shell=False, cwd=None, env=None, close_fds=None
):
    """Exit code, stdout and stderr, as text. cmd is a list or, with shell=True, a text."""
    process = subprocess.Popen(
        cmd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        shell=shell,
        cwd=cwd,
        env=env,
        close_fds=close_fds is not False,
    )
    printed, complained = process.communicate()
    return process.returncode, text_of(printed), text_of(complained)


def text_of(output):
    return output.decode("utf-8", "replace") if isinstance(output, bytes) else output
