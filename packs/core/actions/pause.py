import random as randomness
import time

from st2common.runners.base_action import Action


class Pause(Action):
    def run(self, max_pause, random):
        seconds = randomness.randint(1, max_pause) if random and max_pause > 0 else max_pause
        time.sleep(seconds)
        return seconds
