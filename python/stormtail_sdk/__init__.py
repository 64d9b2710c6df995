"""What the wrapper and the packages named after StackStorm's share. Python 3.8 and newer, standard library only."""
