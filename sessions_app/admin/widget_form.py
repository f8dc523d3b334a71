"""The form of a widget, with the kinds of fields that the administration's forms have in common."""

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.forms.fields import InvalidJSONInput
from django.utils.html import escape

from sessions_app.admin.question_rows import UNTOUCHED, QuestionsField, means_the_same
from sessions_app.models import WidgetConfig
from sessions_app.rules import plain_values
from sessions_app.rules.headers import MAX_HEADERS, validate_value_name
from sessions_app.rules.hours import validate_hours
from sessions_app.rules.origins import validate_origin
from sessions_app.rules.question_schema import unasked, without_unasked

if TYPE_CHECKING:  # Django's classes are generic for the type checker alone.
    RowForm = forms.ModelForm[Any]
else:
    RowForm = forms.ModelForm


class LinesField(SimpleArrayField):
    """A list, one item per line; empty lines do not count."""

    widget = forms.Textarea(attrs={"rows": 4})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["delimiter"] = "\n"
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        lines = value.splitlines() if isinstance(value, str) else value
        return super().to_python([line.strip() for line in lines or [] if line.strip()])


class SkillsField(LinesField):
    """Skills as they are compared: in lower case, each once."""

    def __init__(self, *, help_text: str) -> None:
        super().__init__(forms.CharField(max_length=40), required=False, help_text=help_text)

    def to_python(self, value: Any) -> Any:
        lines = value.splitlines() if isinstance(value, str) else value or []
        return list(dict.fromkeys(super().to_python([" ".join(line.split()).lower() for line in lines])))


class ValueNamesField(LinesField):
    """Names of variables as the assistant knows them, each once, however they are written."""

    def __init__(self, *, help_text: str) -> None:
        name = forms.CharField(max_length=80, validators=[validate_value_name])
        super().__init__(name, required=False, max_length=MAX_HEADERS, help_text=help_text)

    def clean(self, value: Any) -> Any:
        return list(dict.fromkeys(plain_values.variable_name(name) for name in super().clean(value)))


class PrettyJSONField(forms.JSONField):
    """JSON over several lines, in the order in which it was written."""

    widget = forms.Textarea(attrs={"rows": 18, "class": "vLargeTextField", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)


class WidgetForm(RowForm):
    allowed_origins = LinesField(
        forms.CharField(max_length=200, validators=[validate_origin]),
        required=False,
        help_text="Websites that may start a call, one per line, such as https://www.example.com. "
        "This server is always allowed.",
    )
    gather_schema = QuestionsField(
        label="Questions",
        help_text="The assistant asks them in this order. “Required” says what a closer needs to know.",
    )
    required_skills = SkillsField(help_text="One per line. Closers must have all of these to be rung.")
    business_hours = PrettyJSONField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField", "spellcheck": "false"}),
        validators=[validate_hours],
        help_text='Such as {"mon": [["09:00", "12:00"], ["13:00", "17:30"]]}, in the time zone below. '
        "A day that is not named is closed; {} is always open. Outside these hours a callback is offered.",
    )
    custom_headers = PrettyJSONField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text='Sent with the call: [{"name": "X-User-Tier", "value": "Enterprise"}]. The assistant has it as '
        "{{user_tier}}, the closer reads “Tier: Enterprise”. A page may pass another value under the same name.",
    )
    value_names = ValueNamesField(
        help_text="What else the website may pass of its visitor, one name per line, such as order_number; it then "
        'writes data-value-order-number="…" into the embed line. The assistant has it as {{order_number}}, the '
        "closer reads it. Other names are ignored. Any visitor can change what their page passes: show it, and let "
        "nothing depend on it.",
    )

    class Meta:
        model = WidgetConfig
        exclude: tuple[str, ...] = ()
        labels = {
            "volume_threshold": "Volume threshold (0–255)",
            "silence_duration_ms": "Silence duration (ms)",
            "min_speech_duration_ms": "Shortest speech (ms)",
            "max_latency_ms": "Longest latency (ms)",
            "value_names": "Further values",
        }
        help_texts = {
            "volume_threshold": "RMS energy above which sound is speech. Higher ignores more noise. "
            "Telnyx’s default is 10, ours 15.",
            "silence_duration_ms": "Milliseconds of silence that end a turn. "
            "Longer lets people think, shorter answers faster. Telnyx’s default is 1000, ours 1500.",
            "min_speech_duration_ms": "Milliseconds that a sound must last to be speech. "
            "Telnyx’s default is 100, ours 150.",
            "max_latency_ms": "Milliseconds; longer measurements are thrown away. Empty keeps all.",
            "assistant_run": "The configured assistant has its own instructions, voice, tools, insights and variables, "
            "and can be steered; it saves answers with a tool as it hears them. A gather knows none of these: it asks "
            "only the questions below, in the voice below, reports partial results by itself, and ends when all of "
            "them are answered. It has no insights, no variables such as {{user_tier}}, takes no typed messages and "
            "no steering on every account, and may not let itself be stopped: then the visitor’s page comes back on a "
            "fresh line to the closer.",
            "assistant_id": "From Mission Control, AI, Assistants: “assistant-…”.",
            "connection_mode": "With a credential we own the call and can hand it over after the assistant has ended.",
            "consent_version": "Change it together with the text: pages that show the old text must ask again.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """A widget may have been stored before what is required had to be asked; that no list shows, and nobody mends.

        So it is left out, and said.
        """
        super().__init__(*args, **kwargs)
        stored = self.instance.gather_schema
        self.initial["gather_schema"] = without_unasked(stored)
        if names := unasked(stored):
            listed = escape(", ".join(f"“{name}”" for name in names))  # The administration shows help as HTML.
            said = f"Required and not asked, so that nothing was ever complete: {listed}. Saving leaves this out."
            self.fields["gather_schema"].help_text += f" {said}"

    def clean_gather_schema(self) -> Any:
        """What asks the same stays as it is written, so that nothing but a change makes a new version."""
        given, before = self.cleaned_data["gather_schema"], without_unasked(self.instance.gather_schema)
        return before if given is UNTOUCHED or means_the_same(before, given) else given

    def clean_custom_headers(self) -> Any:
        return self.cleaned_data["custom_headers"] or []

    def clean_business_hours(self) -> dict[str, Any]:
        return self.cleaned_data["business_hours"] or {}
