import uuid

from st2common.runners.base_action import Action


class GenerateUuid(Action):
    def run(self, uuid_type):
        makers = {"uuid1": uuid.uuid1, "uuid4": uuid.uuid4}
        return str(makers[uuid_type]())
