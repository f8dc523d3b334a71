"""Static files for tests that render pages in-process, which need no build."""

from collections import defaultdict

from agileadapt.static_files import Chunks, HashedFiles


class UnbuiltFiles(HashedFiles):
    """Every file under its own name; nothing is known of what programs import."""

    chunks = defaultdict(lambda: Chunks(now=[], later=[]))

    def stored_name(self, name: str) -> str:
        return name
