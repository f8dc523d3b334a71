"""Who the prospect is, as the captured fields tell it."""

from collections.abc import Iterable, Mapping

from sessions_app.models import CapturedField, Prospect, VoiceSession
from sessions_app.rules import phone_numbers

PHONE_FIELDS = ("phone", "phone_number", "mobile")
# What the fields say of the prospect: by which names, the best first, and how much of it is kept.
_ABOUT = {
    "name": (("full_name", "name", "first_name"), 120),
    "email": (("email", "email_address"), 254),
    "phone": (PHONE_FIELDS, 40),
}


def name_prospect(session: VoiceSession, answers: Mapping[str, object] | None = None) -> None:
    """Keep the prospect's name and addresses as the captured fields tell them, also that one is not known after all.

    `answers` are those of a locked session, where they are read already.
    """
    if answers is None:
        answers = dict(CapturedField.objects.filter(session=session).values_list("name", "value"))
    known = {
        name: _first(answers, names)[:length] for name, (names, length) in _ABOUT.items() if answers.keys() & names
    }
    if "phone" in known:
        known["phone"] = phone_numbers.kept(known["phone"], country=session.widget.country)
    if session.prospect is not None:
        _keep(session.prospect, known)
    elif any(known.values()):
        session.prospect = Prospect.objects.create(**known)
        session.save(update_fields=["prospect"])


def _keep(prospect: Prospect, known: Mapping[str, str]) -> None:
    others = {name: value for name, value in known.items() if getattr(prospect, name) != value}
    for name, value in others.items():
        setattr(prospect, name, value)
    if others:
        Prospect.objects.filter(pk=prospect.pk).update(**others)


def _first(values: Mapping[str, object], names: Iterable[str]) -> str:
    found = (values.get(name) for name in names)
    return next((str(value) for value in found if value and isinstance(value, str | int | float)), "")
