"""For packs that make their client the way the command line does."""

from st2client.client import Client

__all__ = ["BaseCLIApp"]


class BaseCLIApp:
    def get_client(self, args=None, debug=False):
        names = ("base_url", "auth_url", "api_url", "stream_url", "api_version", "cacert", "token", "api_key")
        return Client(debug=debug, **{name: getattr(args, name, None) for name in names})
