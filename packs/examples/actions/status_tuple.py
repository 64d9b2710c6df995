from st2common.runners.base_action import Action


class StatusTuple(Action):
    def run(self, succeed):
        self.logger.info("about to %s", "succeed" if succeed else "fail")
        return succeed, {"reason": None if succeed else "you asked for it"}
