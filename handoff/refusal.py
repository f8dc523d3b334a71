"""Why an action cannot be done."""


class ActionRefused(Exception):
    """The action cannot be done now. The message is for the closer; `code` is for the page."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code
