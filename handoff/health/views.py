"""What a supervisor and a load balancer ask."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.roles import Action, asks
from handoff.health import checks


@asks(Action.HEALTH_SEE)
@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """This process answers. Looks at nothing else: starting it again would mend nothing else."""
    return JsonResponse({"status": "live"})


@asks(Action.HEALTH_SEE)
@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 while anything is broken that calls depend on, with its name."""
    report = checks.report()
    body = {
        "status": "ready" if report.is_ready else "failing",
        "troubles": report.troubles,
        "notices": report.notices,
        "figures": report.figures,
    }
    return JsonResponse(body, status=200 if report.is_ready else 503)
