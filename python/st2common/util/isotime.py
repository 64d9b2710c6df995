"""Times as text, the way the API writes and accepts them: UTC, ISO 8601."""

import datetime
import re

__all__ = ["format", "validate", "parse"]

ISO8601_FORMAT = "%Y-%m-%dT%H:%M:%S"
ISO8601_FORMAT_MICROSECOND = "%Y-%m-%dT%H:%M:%S.%f"
ISO8601_UTC_REGEX = r"^(\d{4}-\d{2}-\d{2})[\sT](\d{2}:\d{2}:\d{2})(?:\.(\d{3,6}))?(?:Z|\+00|\+0000|\+00:00)$"


def format(dt, usec=True, offset=True):
    """2015-01-01T12:00:00.000000+00:00; with offset=False a time in UTC ends in Z. Takes text and seconds, too."""
    if isinstance(dt, str):
        dt = parse(dt)
    elif isinstance(dt, int):
        dt = datetime.datetime.fromtimestamp(dt, datetime.timezone.utc)
    text = dt.strftime(ISO8601_FORMAT_MICROSECOND if usec else ISO8601_FORMAT)
    if not offset:
        return text + ("Z" if not dt.utcoffset() else "")
    shift = dt.strftime("%z") or "+0000"
    return "%s%s:%s" % (text, shift[:3], shift[3:5])


def validate(value, raise_exception=True):
    """Whether the value is a time: a datetime, or text in UTC. Raises ValueError unless told otherwise."""
    is_time = isinstance(value, datetime.datetime) or re.match(ISO8601_UTC_REGEX, str(value)) is not None
    if not is_time and raise_exception:
        raise ValueError("Datetime value does not match expected format.")
    return is_time


def parse(value):
    """A datetime in UTC. Raises ValueError."""
    validate(value)
    if isinstance(value, datetime.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        return aware.astimezone(datetime.timezone.utc)
    day, clock, fraction = re.match(ISO8601_UTC_REGEX, value).groups()
    moment = datetime.datetime.strptime("%sT%s" % (day, clock), ISO8601_FORMAT)
    microsecond = int((fraction or "0").ljust(6, "0"))
    return moment.replace(microsecond=microsecond, tzinfo=datetime.timezone.utc)
