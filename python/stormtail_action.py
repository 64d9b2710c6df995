"""Runs one Python action of a pack, in an interpreter of its own. The quick way is stormtail_forkserver.py.

The order comes as one JSON object on standard input, read to its end; then standard input is empty, or holds the
order's text "stdin". Where standard input is for answers to the action, the order comes on the descriptor that
STORMTAIL_ORDER_FD names. The answer goes to the file named by STORMTAIL_RESULT_FILE. What is in both, and what the exit
codes mean: stormtail_sdk/run_action.py.
"""

import os
import sys

from stormtail_sdk.run_action import EXIT_BAD_ORDER, parse_order, perform, replace_input, stop


def main():
    result_file = os.environ.pop("STORMTAIL_RESULT_FILE", None)
    if not result_file:
        stop(EXIT_BAD_ORDER, "STORMTAIL_RESULT_FILE is not set: this program is started by the action runner")
    descriptor = os.environ.pop("STORMTAIL_ORDER_FD", None)
    if descriptor is None:
        order = parse_order(sys.stdin.buffer.read())
        replace_input(order.get("stdin"))
    else:
        with open(int(descriptor), "rb") as beside:
            order = parse_order(beside.read())
    perform(order, result_file)


if __name__ == "__main__":
    main()
