"""Background work on credentials."""

from celery import shared_task
from django.utils import timezone

from sessions_app import services


@shared_task
def revoke_credentials() -> None:
    services.revoke_due_credentials(now=timezone.now())


@shared_task
def revoke_orphans() -> None:
    services.revoke_orphans(now=timezone.now())
