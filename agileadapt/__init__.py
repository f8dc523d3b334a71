"""The roof: settings, addresses, ASGI, Celery. Only wiring."""

from agileadapt.celery import app as celery_app

__all__ = ["celery_app"]
