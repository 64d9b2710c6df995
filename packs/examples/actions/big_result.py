from st2common.runners.base_action import Action

ROW_BYTES = 1000


class BigResult(Action):
    def run(self, megabytes):
        rows = int(megabytes * 1_000_000 / ROW_BYTES)
        filler = "x" * (ROW_BYTES - 40)
        self.logger.info("making %d rows", rows)
        return {"rows": [{"number": number, "filler": filler} for number in range(rows)]}
