"""From an order to an answer: finds the action's class, runs it, and hands over what it returned.

    {"file_path": "/packs/demo/actions/hello.py", "class_name": null, "pack": "demo", "user": "ann",
     "parameters": {"name": "x"}, "config": {}, "log_level": "DEBUG", "pythonpath": ["/packs/demo/actions/lib"],
     "stdin": "what the action reads"}

The answer is {"result": <JSON>, "status": true, false or null}, written beside its file first and renamed, so that it is
there whole or not at all. Without one, the exit code says why: 1 is an exception, 2 an order that makes no sense, 220 a
two-tuple whose first item is no status, anything else what the action asked for. Standard output and standard error belong
to the action: nothing is added to them.
"""

import json
import os
import sys
import traceback

from stormtail_sdk import pack_place
from stormtail_sdk.action_service import ActionService
from stormtail_sdk.answer import answer_of
from stormtail_sdk.load_action import load_action_class, make_action

SDK_DIRECTORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

EXIT_EXCEPTION = 1
EXIT_BAD_ORDER = 2
EXIT_BAD_STATUS = 220


def parse_order(text):
    try:
        order = json.loads(text.decode("utf-8"))
        order["file_path"]
        return order
    except (ValueError, TypeError, KeyError) as error:
        return stop(EXIT_BAD_ORDER, "standard input must be a JSON object with file_path: %s" % error)


def perform(order, result_file):
    """Ends with SystemExit wherever the exit code is not 0."""
    pack_place.note(order["file_path"])
    arrange_path(order)
    answer, problem = answer_of(returned_by(order))
    if problem:
        stop(EXIT_BAD_STATUS, problem)
    write_answer(result_file, answer)


def replace_input(text):
    with open_input(text) as source:
        os.dup2(source.fileno(), 0)


def open_input(text):
    if not text:
        return open(os.devnull, "rb")
    # Only here: most actions have no need of it, and loading it takes time.
    import tempfile

    source = tempfile.TemporaryFile()
    source.write(text.encode("utf-8"))
    source.seek(0)
    return source


def arrange_path(order):
    """Libraries of the pack first. The action's own directory comes after the standard library, which a file called
    json.py or random.py beside the action must not hide; the SDK comes last, so that a pack's own copy wins."""
    own_directory = os.path.dirname(os.path.abspath(order["file_path"]))
    libraries = [path for path in order.get("pythonpath") or [] if os.path.abspath(path) != own_directory]
    rest = [path for path in sys.path if os.path.abspath(path) != SDK_DIRECTORY]
    sys.path[:] = libraries + rest + [own_directory, SDK_DIRECTORY]


def returned_by(order):
    try:
        action_class = load_action_class(order["file_path"], order.get("class_name"))
        service = ActionService(
            pack=order.get("pack") or "unknown",
            class_name=action_class.__name__,
            log_level=order.get("log_level") or "DEBUG",
            user=order.get("user"),
        )
        action = make_action(action_class, order.get("config") or {}, service)
        return action.run(**(order.get("parameters") or {}))
    except Exception as error:
        sys.stdout.flush()
        traceback.print_exception(type(error), error, without_our_frames(error.__traceback__))
        sys.stderr.flush()
        return sys.exit(EXIT_EXCEPTION)


def without_our_frames(trace):
    """The part that happened in the pack's code; all of it where nothing did."""
    ours = trace
    while ours and ours.tb_frame.f_code.co_filename.startswith((SDK_DIRECTORY + os.sep, "<frozen importlib")):
        ours = ours.tb_next
    return ours or trace


def write_answer(result_file, answer):
    temporary = result_file + ".tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    os.replace(temporary, result_file)


def stop(exit_code, message):
    sys.stderr.write(message + "\n")
    sys.stderr.flush()
    sys.exit(exit_code)
