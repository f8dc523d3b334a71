from django.apps import AppConfig


class AssistantToolsConfig(AppConfig):
    name = "assistant_tools"

    def ready(self) -> None:
        from assistant_tools import checks  # noqa: F401, PLC0415  (registers them; settings are read by then)
