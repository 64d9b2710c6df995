import sys
import time

from st2common.runners.base_action import Action


class PrintToStdoutAndStderr(Action):
    def run(self, count=100, sleep_delay=0.5):
        streams = [("stderr", sys.stderr), ("stdout", sys.stdout)]
        for number in range(1, count + 1):
            name, stream = streams[(number - 1) % 2]
            print(f"{name} -> Line: {number}", file=stream, flush=True)
            time.sleep(sleep_delay)
