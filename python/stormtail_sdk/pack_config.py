"""A pack's configuration, as actions and sensors get it."""


class PackConfigDict(dict):
    """A dictionary that says what to do about a missing key. It is a ValueError, as packs expect; get() is the same as
    ever, and so is a missing key further down."""

    def __init__(self, pack_name, *args):
        super().__init__(*args)
        self._pack_name = pack_name

    def __getitem__(self, key):
        try:
            return super().__getitem__(key)
        except KeyError:
            raise ValueError(
                'Config for pack "%s" is missing key "%s". Add it to configs/%s.yaml.'
                % (self._pack_name, key, self._pack_name)
            ) from None
