import sys
import time

from st2common.runners.base_action import Action

STEPS = 50


class ProgressBar(Action):
    def run(self, seconds):
        for step in range(STEPS + 1):
            percent = step * 100 // STEPS
            bar = "#" * step + "." * (STEPS - step)
            print(f"\r[{bar}] {percent:3d} %", end="", flush=True)
            if step and step % (STEPS // 10) == 0:
                print(f"{percent} % done", file=sys.stderr, flush=True)
            time.sleep(seconds / STEPS if step < STEPS else 0)
        print()
        return {"steps": STEPS}
