"""A small client of the REST API with the names of StackStorm's, for packs that use it in actions. An installed one wins."""
