"""A worker's child keeps its database connection from one task to the next, and never uses a dead one."""

from types import SimpleNamespace

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_prerun
from django.db import connection

from agileadapt.celery import app
from handoff.tasks import run_command

pytestmark = pytest.mark.django_db(transaction=True)


def backend() -> int:
    """The database process that serves this connection."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return int(cursor.fetchone()[0])


def between_tasks() -> None:
    """What Celery does around a task in a worker that forks."""
    fixup = DjangoWorkerFixup(app)
    fixup.worker = SimpleNamespace(pool_cls="prefork")
    fixup.on_task_prerun(run_command)
    fixup.on_task_postrun(run_command)


def test_two_tasks_share_a_connection() -> None:
    before = backend()

    between_tasks()

    assert backend() == before


def test_a_connection_that_died_is_replaced_before_the_task() -> None:
    before = backend()
    with connection.cursor() as cursor, pytest.raises(Exception, match="terminat"):
        cursor.execute("select pg_terminate_backend(pg_backend_pid())")

    task_prerun.send(sender=run_command)

    assert backend() != before
