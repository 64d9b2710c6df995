"""Items of the datastore."""

from st2client.models.core import Resource, ResourceManager

__all__ = ["KeyValuePair", "KeyValuePairManager"]


class KeyValuePair(Resource):
    """`id` is the name; `value` is text."""


class KeyValuePairManager(ResourceManager):
    def get_by_name(self, name, **kwargs):
        return self.get_by_id(name, **kwargs)

    def update(self, instance, **kwargs):
        instance.id = getattr(instance, "id", None) or instance.name
        return super().update(instance, **kwargs)

    def delete(self, instance, **kwargs):
        return self.delete_by_id(getattr(instance, "id", None) or instance.name, **kwargs)
