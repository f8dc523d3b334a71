"""Bring the database up to date, fill it with demo data and set the account up: `python -m launcher.prepare`.

One process for all three commands, because loading the application takes longer than any of them.
"""

import os
import time
import urllib.error
import urllib.request
from io import StringIO

import django
from django.core.management import CommandError, call_command

SANDBOX_SECONDS = 60
POLL_SECONDS = 0.1


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agileadapt.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("demo_data")
    wait_for(os.environ["TELNYX_API_BASE"])
    provision()


def wait_for(url: str) -> None:
    """Wait until anything speaks HTTP there; the sandbox starts side by side with this."""
    deadline = time.monotonic() + SANDBOX_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - always http:// on loopback
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)


def provision() -> None:
    """Set the account up without a word, unless it fails: what is printed here greets whoever starts the demo."""
    told = StringIO()
    try:
        call_command("telnyx_provision", stdout=told)
    except CommandError:
        print(told.getvalue())
        raise


if __name__ == "__main__":
    main()
