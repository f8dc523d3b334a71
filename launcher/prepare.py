"""Bring the database up to date and fill it with demo data: `python -m launcher.prepare`.

One process for both commands, because loading the application takes longer than either.
"""

import os

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agileadapt.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("demo_data")


if __name__ == "__main__":
    main()
