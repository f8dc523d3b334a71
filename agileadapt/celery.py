"""The Celery application."""

import contextlib
import gc
import os

from celery import Celery
from celery.signals import beat_init, setup_logging, task_prerun, worker_init, worker_process_init, worker_ready
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agileadapt.settings")

app = Celery("agileadapt")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery would close the connection and its pool before and after every task: each command of a call then waited 10 to
# 20 ms for a new log-in at the database. It does so after this many tasks; `mend_database` looks in between.
app.conf.CELERY_DB_REUSE_MAX = 1000
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """With a receiver on this signal Celery leaves the logging that Django has set up as it is."""


@worker_init.connect
def load_sdk(**_: object) -> None:
    """Pay the SDK's seconds of loading once, before the first task, and before the pool forks where it does."""
    from sessions_app.visits import carrier  # noqa: PLC0415  (apps are not ready when this module is imported)

    carrier.warm()


@worker_ready.connect
def keep_what_is_loaded(**_: object) -> None:
    """A full collection that looks through it would hold a command up for a fifth of a second."""
    gc.collect()
    gc.freeze()


@worker_ready.connect
@worker_process_init.connect
def connect_database(**_: object) -> None:
    """The first command of a call must not wait for the pool's first connection, in threads or in forked children."""
    from django.db import connection  # noqa: PLC0415  (settings are not ready when this module is imported)

    connection.ensure_connection()


@worker_ready.connect
def compare_public_key(**_: object) -> None:
    """A new start may come with other keys, so the account's own is asked for at once."""
    app.send_task("sessions_app.tasks.compare_public_key", kwargs={"at_start": True}, ignore_result=True, expires=60)


@beat_init.connect
def look_at_the_account(**_: object) -> None:
    """A new key or another account must not wait for the hour; `retry` off, because the scheduler must not wait."""
    with contextlib.suppress(OperationalError):
        app.send_task("sessions_app.tasks.watch_account", kwargs={"at_once": True}, retry=False, expires=300)


@task_prerun.connect
def mend_database(**_: object) -> None:
    """Let no task find a connection that died with a restarted database."""
    from django.db import connection  # noqa: PLC0415  (settings are not ready when this module is imported)

    if connection.connection is not None and not connection.in_atomic_block and not connection.is_usable():
        connection.close()
