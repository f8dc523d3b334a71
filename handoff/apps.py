from django.apps import AppConfig


class HandoffConfig(AppConfig):
    name = "handoff"
    verbose_name = "Hand-over"

    def ready(self) -> None:
        from handoff.closers import access  # noqa: F401, PLC0415  (importing it connects its signals)
        from handoff.events.hooks import HOOKS  # noqa: PLC0415  (models are not ready when this module is imported)
        from sessions_app.inbox import hooks  # noqa: PLC0415

        hooks.register(HOOKS)
