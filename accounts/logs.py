"""Django logs the path of a request that it refuses; the path of a link is a key."""

import logging
import re

_LINK = re.compile(r"(/accounts/(?:invitation|new-password)/)[^\s\"'<>]+")


class WithoutLinks(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = _LINK.sub(r"\1…", said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        return True
