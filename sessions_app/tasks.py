"""Background work on credentials, the account's key and standing, and what sessions are found by."""

from celery import shared_task
from django.utils import timezone

from sessions_app.account import signatures, standing
from sessions_app.search import indexing
from sessions_app.visits import carrier, credentials


@shared_task
def revoke_credentials() -> None:
    credentials.revoke_due_credentials(now=timezone.now())


@shared_task
def revoke_orphans() -> None:
    credentials.revoke_orphans(now=timezone.now())


@shared_task
def compare_public_key(*, at_start: bool = False) -> None:
    """Ask, when it is due, with which key the account signs."""
    signatures.compare(carrier.client(), now=timezone.now(), at_start=at_start)


@shared_task
def index_search() -> None:
    indexing.refresh(now=timezone.now())


@shared_task
def watch_account(at_once: bool = False) -> None:
    standing.watch(carrier.client(), now=timezone.now(), at_once=at_once)
