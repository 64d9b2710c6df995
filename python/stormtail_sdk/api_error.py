"""The one exception of the REST client, apart from it so that catching it does not load HTTP and TLS."""


class ApiError(Exception):
    """The server said no, or did not answer. status is the HTTP status, None without an answer."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status
