"""`self.action_service`: what an action may ask of the server that runs it."""

import os

from stormtail_sdk.action_log import get_action_logger
from stormtail_sdk.datastore import SYSTEM_SCOPE, DatastoreService


class ActionService:
    def __init__(self, pack, class_name, log_level="DEBUG", user=None):
        self.pack = pack
        self.class_name = class_name
        self.log_level = log_level
        self.user = user
        self._datastore_service = None

    @property
    def datastore_service(self):
        if self._datastore_service is None:
            self._datastore_service = DatastoreService(
                logger=get_action_logger(self.class_name, self.log_level),
                pack_name=self.pack,
                class_name=self.class_name,
                auth_token=os.environ.get("ST2_ACTION_AUTH_TOKEN"),
            )
        return self._datastore_service

    def get_user_info(self):
        return self.datastore_service.get_user_info()

    def list_values(self, local=True, prefix=None, limit=None, offset=0):
        return self.datastore_service.list_values(local=local, prefix=prefix, limit=limit, offset=offset)

    def get_value(self, name, local=True, scope=SYSTEM_SCOPE, decrypt=False):
        return self.datastore_service.get_value(name=name, local=local, scope=scope, decrypt=decrypt)

    def set_value(self, name, value, ttl=None, local=True, scope=SYSTEM_SCOPE, encrypt=False):
        return self.datastore_service.set_value(
            name=name, value=value, ttl=ttl, local=local, scope=scope, encrypt=encrypt
        )

    def delete_value(self, name, local=True, scope=SYSTEM_SCOPE):
        return self.datastore_service.delete_value(name=name, local=local, scope=scope)
