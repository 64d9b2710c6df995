"""Actions and their executions."""

from st2client.models.core import Resource, ResourceManager

__all__ = ["Action", "ActionExecution", "Execution", "ExecutionManager", "LiveAction", "RunnerType"]


class Action(Resource):
    """Metadata of an action."""


class RunnerType(Resource):
    """What runs actions."""


class Execution(Resource):
    """To be run: LiveAction(action="core.local", parameters={"cmd": "date"})."""


LiveAction = ActionExecution = Execution


class ExecutionManager(ResourceManager):
    def re_run(self, execution_id, parameters=None, tasks=None, no_reset=None, delay=0, **_):
        no_reset = no_reset or []
        body = {
            "parameters": parameters or {},
            "tasks": tasks or [],
            "reset": [task for task in tasks or [] if task not in no_reset],
            "delay": delay,
        }
        return self.made(self.client.call("POST", self.one(execution_id, "re_run"), None, body))

    def get_output(self, execution_id, output_type=None, **_):
        return self.client.text("GET", self.one(execution_id, "output"), {"output_type": output_type})

    def get_children(self, execution_id, **kwargs):
        return [Execution(**item) for item in self.client.call("GET", self.one(execution_id, "children"), kwargs)]

    def pause(self, execution_id, **_):
        return self.set_status(execution_id, "pausing")

    def resume(self, execution_id, **_):
        return self.set_status(execution_id, "resuming")

    def set_status(self, execution_id, status):
        return self.made(self.client.call("PUT", self.one(execution_id), None, {"status": status}))
