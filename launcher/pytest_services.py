"""pytest plugin: private servers and a complete environment, before pytest-django reads the settings.

One pair of servers serves a whole run; every pytest-xdist worker has its own database number and name prefix in Valkey.
"""

import os
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from launcher import environment, places, servers

# Nothing listens here: a test that forgets to name its sandbox fails at once and reaches nobody.
DISCARD_PORT = 9


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    # A wrapper runs before pytest-django's own hook of this name, whatever the order of loading.
    if "PYTEST_XDIST_WORKER" in os.environ:
        move_aside(os.environ)
    else:
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        prepare_run(stack, os.environ)
    yield


def prepare_run(stack: ExitStack, environ: MutableMapping[str, str]) -> None:
    """Start what the environment does not name; several runs at once get folders of their own."""
    folder = stack.enter_context(places.claim("tests", shared=True))
    started = stack.enter_context(servers.running(folder, database="agileadapt", durable=False))
    addresses = environment.Addresses(DISCARD_PORT, DISCARD_PORT, started.database_url, started.redis_url)
    keys = environment.generate_keys()
    for name in set(environ) - set(environment.inherited(environ)):
        del environ[name]
    environ.update(environment.application(keys, addresses) | environment.sandbox(keys, addresses))
    environ["REDIS_PREFIX"] = f"test-{uuid.uuid4().hex[:8]}"


def move_aside(environ: MutableMapping[str, str]) -> None:
    """Keep this worker's keys apart by number, and its pub/sub channels, which ignore the number, by prefix."""
    worker = environ["PYTEST_XDIST_WORKER"]
    number = int(worker.removeprefix("gw")) + 1
    environ["REDIS_URL"] = urlsplit(environ["REDIS_URL"])._replace(path=f"/{number}").geturl()
    environ["REDIS_PREFIX"] = f"{environ['REDIS_PREFIX']}-{worker}"
