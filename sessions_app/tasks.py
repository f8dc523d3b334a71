"""Background work on credentials and on what sessions are found by."""

from celery import shared_task
from django.utils import timezone

from sessions_app import indexing, services


@shared_task
def revoke_credentials() -> None:
    services.revoke_due_credentials(now=timezone.now())


@shared_task
def revoke_orphans() -> None:
    services.revoke_orphans(now=timezone.now())


@shared_task
def index_search() -> None:
    indexing.refresh(now=timezone.now())
