"""Runs one Python action of a pack, in a process of its own.

The order comes as one JSON object on standard input, read to its end; then standard input is empty, or holds the
order's text "stdin". Where standard input is for answers to the action, the order comes on the
descriptor that STORMTAIL_ORDER_FD names. The answer goes to the file named by STORMTAIL_RESULT_FILE, written beside it
first and renamed, so that it is there whole or not at all. Standard output and standard error belong to the action: nothing is added to them.

    {"file_path": "/packs/demo/actions/hello.py", "class_name": null, "pack": "demo", "user": "ann",
     "parameters": {"name": "x"}, "config": {}, "log_level": "DEBUG", "pythonpath": ["/packs/demo/actions/lib"]}

The answer is {"result": <JSON>, "status": true, false or null}. Without one, the exit code says why:
1 is an exception, 220 a two-tuple whose first item is no status, anything else what the action asked for.
"""

import json
import os
import sys
import traceback

SDK_DIRECTORY = os.path.dirname(os.path.abspath(__file__))

EXIT_EXCEPTION = 1
EXIT_BAD_ORDER = 2
EXIT_BAD_STATUS = 220


def main():
    result_file = os.environ.pop("STORMTAIL_RESULT_FILE", None)
    if not result_file:
        stop(EXIT_BAD_ORDER, "STORMTAIL_RESULT_FILE is not set: this program is started by the action runner")
    order = read_order()
    arrange_path(order)
    from stormtail_sdk.answer import answer_of

    answer, problem = answer_of(run_action(order))
    if problem:
        stop(EXIT_BAD_STATUS, problem)
    write_answer(result_file, answer)


def read_order():
    descriptor = os.environ.pop("STORMTAIL_ORDER_FD", None)
    if descriptor is None:
        text = sys.stdin.buffer.read()
    else:
        with open(int(descriptor), "rb") as beside:
            text = beside.read()
    try:
        order = json.loads(text.decode("utf-8"))
        order["file_path"]
    except (ValueError, TypeError, KeyError) as error:
        return stop(EXIT_BAD_ORDER, "standard input must be a JSON object with file_path: %s" % error)
    if descriptor is None:
        replace_input(order.get("stdin"))
    return order


def replace_input(text):
    with open_input(text) as source:
        os.dup2(source.fileno(), sys.stdin.fileno())


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


def run_action(order):
    from stormtail_sdk.action_service import ActionService
    from stormtail_sdk.load_action import load_action_class, make_action

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


if __name__ == "__main__":
    main()
