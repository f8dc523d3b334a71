"""`{% module_script "widget" %}`: a browser program, with all that it imports fetched side by side."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from agileadapt.static_files import collected

register = template.Library()


@register.simple_tag
def module_script(name: str) -> SafeString:
    """What it imports late waits in a template until the program asks for it (frontend/shared/preload.ts)."""
    chunks = collected().chunks[name]
    return format_html(
        '<script type="module" src="{}"></script>{}<template data-later>{}</template>',
        static(f"dist/{name}.js"),
        _links(chunks["now"]),
        _links(chunks["later"]),
    )


def _links(names: list[str]) -> SafeString:
    urls = ((collected().chunk_url(name),) for name in names)
    return format_html_join("", '<link rel="modulepreload" href="{}">', urls)
