"""What the API answers, as objects, and the calls that there are for each kind of them."""

import urllib.parse

from stormtail_sdk.api_error import ApiError

__all__ = ["Resource", "ResourceManager"]


class Resource:
    """The fields of a document are attributes."""

    def __init__(self, *_, **fields):
        self.__dict__.update(fields)

    def to_dict(self):
        return dict(self.__dict__)

    serialize = to_dict

    @classmethod
    def deserialize(cls, doc):
        return cls(**doc)

    def __repr__(self):
        name = getattr(self, "ref", None) or getattr(self, "name", None) or getattr(self, "id", None)
        return "<%s %s>" % (type(self).__name__, name)


class ResourceManager:
    """Keyword arguments of the reading calls become parameters of the query; `params` may hold more of them."""

    def __init__(self, rest, path, resource=Resource):
        self.client = rest
        self.path = path
        self.resource = resource

    def get_all(self, **kwargs):
        return self.query(**kwargs)

    def query(self, **kwargs):
        return [self.resource(**item) for item in self.client.call("GET", self.path, parameters(kwargs)) or []]

    def query_one(self, **kwargs):
        found = self.query(**kwargs)
        return found[0] if found else None

    def get_by_id(self, id, **kwargs):
        """None where there is none."""
        try:
            return self.made(self.client.call("GET", self.one(id), parameters(kwargs)))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def get_by_ref_or_id(self, ref_or_id, **kwargs):
        return self.get_by_id(ref_or_id, **kwargs)

    get = get_by_ref_or_id

    def get_by_name(self, name, **kwargs):
        found = self.query(name=name, **kwargs)
        if len(found) > 1:
            raise ValueError('there is more than one named "%s"' % name)
        return found[0] if found else None

    def create(self, instance, **kwargs):
        return self.made(self.client.call("POST", self.path, parameters(kwargs), fields_of(instance)))

    def update(self, instance, **kwargs):
        return self.made(self.client.call("PUT", self.one(instance.id), parameters(kwargs), fields_of(instance)))

    def delete(self, instance, **kwargs):
        return self.delete_by_id(instance.id, **kwargs)

    def delete_by_id(self, id, **kwargs):
        """True; False where there is none."""
        try:
            self.client.call("DELETE", self.one(id), parameters(kwargs))
            return True
        except ApiError as error:
            if error.status == 404:
                return False
            raise

    def one(self, id, *more):
        return "/".join([self.path, urllib.parse.quote(str(id), safe=""), *more])

    def made(self, document):
        return self.resource(**document) if isinstance(document, dict) else None


def parameters(kwargs):
    """Those that say who is asking instead of what are left out."""
    given = {**(kwargs.pop("params", None) or {}), **kwargs}
    for name in ("token", "api_key", "headers"):
        given.pop(name, None)
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}


def fields_of(instance):
    return {name: value for name, value in instance.to_dict().items() if value is not None}
