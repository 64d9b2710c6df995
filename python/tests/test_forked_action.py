"""What a forked action does is what it does in an interpreter of its own: the same tests, the other way of starting."""

import unittest

from tests import test_action_service, test_wrapper
from tests.wrapper import Forked, run_action


class ForkedResults(Forked, test_wrapper.Results):
    pass


class ForkedStreams(Forked, test_wrapper.Streams):
    pass


class ForkedEndings(Forked, test_wrapper.Endings):
    pass


class ForkedClasses(Forked, test_wrapper.Classes):
    pass


class ForkedSurroundings(Forked, test_wrapper.Surroundings):
    pass


class ForkedDatastore(Forked, test_action_service.Datastore):
    pass
