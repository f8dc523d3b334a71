"""All settings, from the environment. Environments differ by URLs and keys only."""

import re
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from agileadapt import env

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.boolean("DJANGO_DEBUG", default=False)
SECRET_KEY = env.text("DJANGO_SECRET_KEY")
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.words("DJANGO_ALLOWED_HOSTS", urlsplit(PUBLIC_URL).hostname or "")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0, least=0, most=5)
# Tests let processes die at named places. The start is refused where others could be in a call.
DEBUG_FAULTS = env.boolean("DEBUG_FAULTS", default=False)
CRASH_AT = env.text("CRASH_AT", "")
if DEBUG_FAULTS and urlsplit(PUBLIC_URL).hostname not in {"127.0.0.1", "localhost", "::1"}:
    raise ImproperlyConfigured("DEBUG_FAULTS ends processes on purpose; PUBLIC_URL says that others use this server")

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "accounts",
    "sessions_app",
    "handoff",
    "flight_recorder",
    "assistant_tools",
    "dashboard",
    "probe",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "sessions_app.http.nul.NoNul",
    "agileadapt.static_files.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "agileadapt.urls"
ASGI_APPLICATION = "agileadapt.asgi.application"
APPEND_SLASH = False  # A redirect counts as a failed webhook at Telnyx.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"scripts": "agileadapt.script_tags"},
        },
    }
]

# Under ASGI every request may run on another thread, so connections are pooled, not kept per thread.
DATABASES = {"default": env.database("DATABASE_URL")}
# Nothing waits without an end: for a row, a statement, whoever left a transaction open, or a network that forgot us.
DATABASES["default"]["OPTIONS"] = {
    "options": "-c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s",
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    **DATABASES["default"]["OPTIONS"],
}
DATABASES["default"]["OPTIONS"]["pool"] = {
    "min_size": 1,
    "max_size": env.integer("DATABASE_POOL", 12, least=1, most=100),
    "timeout": 10,
}
# Of a web process, beside that pool: connections on which the door stores, and threads that work through what it has
# stored, each on a connection of its own.
INBOX_POOL = env.integer("INBOX_POOL", 4, least=1, most=50)
FOLD_THREADS = env.integer("FOLD_THREADS", 4, least=1, most=50)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL")
REDIS_PREFIX = env.text("REDIS_PREFIX", "agileadapt")
# The same for every client of Redis. What a network has forgotten is noticed by the next PING, whose packets nobody
# acknowledges: the connection is made anew within half a minute.
REDIS_PATIENCE: dict[str, Any] = {
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "socket_keepalive_options": {
        socket.TCP_KEEPIDLE: 5,
        socket.TCP_KEEPINTVL: 3,
        socket.TCP_KEEPCNT: 3,
        socket.TCP_USER_TIMEOUT: 10_000,
    },
    "health_check_interval": 10,
}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, **REDIS_PATIENCE}], "prefix": REDIS_PREFIX},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 30  # Seconds, where workers fork; below the visibility timeout, so that no second copy starts.
# Commands of calls have workers of their own, so that nothing else can hold them up.
CELERY_TASK_DEFAULT_QUEUE = "background"
CELERY_TASK_ROUTES = {"handoff.tasks.run_command": {"queue": "calls"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{REDIS_PREFIX}:",
    "visibility_timeout": env.integer("TASK_VISIBILITY_SECONDS", 120, least=4, most=3600),
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    **REDIS_PATIENCE,
}
CELERY_BEAT_SCHEDULE_FILENAME = env.text("CELERY_BEAT_SCHEDULE_FILE", "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "handoff.tasks.sweep", "schedule": 1.0, "options": {"expires": 3}},
    "revoke-credentials": {
        "task": "sessions_app.tasks.revoke_credentials",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "end-strangers": {"task": "handoff.tasks.end_strangers", "schedule": 2.0, "options": {"expires": 4}},
    # The row says whether an hour has passed; after a failure it is due sooner, and after an unknown signature at once.
    "compare-public-key": {
        "task": "sessions_app.tasks.compare_public_key",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "reconcile": {"task": "handoff.tasks.reconcile", "schedule": 5.0, "options": {"expires": 5}},
    "index-search": {"task": "sessions_app.tasks.index_search", "schedule": 2.0, "options": {"expires": 4}},
    # Every minute it looks which questions are due; each is asked about once an hour.
    "watch-account": {"task": "sessions_app.tasks.watch_account", "schedule": 60.0, "options": {"expires": 60}},
    "revoke-orphans": {"task": "sessions_app.tasks.revoke_orphans", "schedule": 300.0, "options": {"expires": 300}},
}

WEBHOOK_FAILOVER_URL = env.text("WEBHOOK_FAILOVER_URL", "")
TELNYX_API_KEY = env.text("TELNYX_API_KEY", "")
TELNYX_API_BASE = env.text("TELNYX_API_BASE", "https://api.telnyx.com/v2")
TELNYX_PUBLIC_KEYS = env.words("TELNYX_PUBLIC_KEYS")
TELNYX_CONNECTION_ID = env.text("TELNYX_CONNECTION_ID", "")
TELNYX_CALL_CONTROL_APP_ID = env.text("TELNYX_CALL_CONTROL_APP_ID", "")
TELNYX_CALLER_NUMBER = env.text("TELNYX_CALLER_NUMBER", "")
TELNYX_PAGE_DESTINATION = env.text("TELNYX_PAGE_DESTINATION", "") or re.sub(r"[^0-9]", "", TELNYX_CALLER_NUMBER)
TELNYX_PAGE_CALLER_NUMBER = env.text("TELNYX_PAGE_CALLER_NUMBER", "")
TELNYX_ALLOWED_PREFIXES = env.prefixes("TELNYX_ALLOWED_PREFIXES", "+61")
# How the assistant begins: by a command of its own after the answer, or together with the answer.
TELNYX_ASSISTANT_START = env.choice("TELNYX_ASSISTANT_START", "command", of=("command", "answer"))
# Whether an assistant falls silent when somebody is bridged onto its leg: not documented, so not relied on.
TELNYX_BRIDGE_ENDS_ASSISTANT = env.boolean("TELNYX_BRIDGE_ENDS_ASSISTANT", default=False)
TELNYX_TARGETS_VARIABLE = env.text("TELNYX_TARGETS_VARIABLE", "targets")
TELNYX_SIP_DOMAIN = env.text("TELNYX_SIP_DOMAIN", "sip.telnyx.com")
TELNYX_SIGNALLING_HOST = env.text("TELNYX_SIGNALLING_HOST", "")
TELNYX_SIGNALLING_REGION = env.text("TELNYX_SIGNALLING_REGION", "")
TELNYX_ICE_SERVERS = env.json_list("TELNYX_ICE_SERVERS")
TELNYX_ICE_PREFETCH = env.boolean("TELNYX_ICE_PREFETCH", default=False)
TELNYX_SIP_REGION = env.text("TELNYX_SIP_REGION", "Australia")
TELNYX_CONFERENCE_REGION = env.text("TELNYX_CONFERENCE_REGION", "Australia")
# Below the ten of a verified account: while one leg takes the place of another, both stand for a moment.
TELNYX_MAX_LEGS = env.integer("TELNYX_MAX_LEGS", 8, least=2, most=100_000)
TELNYX_LOW_BALANCE = env.integer("TELNYX_LOW_BALANCE", 10, least=0, most=1_000_000)
VISITS_PER_ADDRESS = env.integer("VISITS_PER_ADDRESS", 3, least=1, most=100_000)
CREDENTIAL_LIFETIME = timedelta(minutes=env.integer("CREDENTIAL_MINUTES", 60, least=5, most=60))
TOKEN_LIMIT_PER_ADDRESS = env.integer("TOKEN_LIMIT_PER_ADDRESS", 20, least=1, most=1_000_000)
TOKEN_LIMIT_PER_WIDGET = env.integer("TOKEN_LIMIT_PER_WIDGET", 600, least=1, most=1_000_000)
TOKEN_LIMIT_OVERALL = env.integer("TOKEN_LIMIT_OVERALL", 3000, least=1, most=1_000_000)

MCP_SECRETS = env.words("MCP_SECRETS")
TOOL_CALLS_PER_SESSION = env.integer("TOOL_CALLS_PER_SESSION", 60, least=1, most=10_000)
TOOL_CALLS_PER_MINUTE = env.integer("TOOL_CALLS_PER_MINUTE", 600, least=1, most=1_000_000)

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ["email", "name"]}),
        ("MinimumLengthValidator", {}),
        ("CommonPasswordValidator", {}),
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/dashboard/"
LOGOUT_REDIRECT_URL = "login"

LINK_LIFETIMES = {
    "invitation": timedelta(days=env.integer("INVITATION_DAYS", 7, least=1, most=30)),
    "new_password": timedelta(minutes=env.integer("PASSWORD_RESET_MINUTES", 60, least=10, most=1440)),
}
PASSWORD_RESET_TIMEOUT = int(max(LINK_LIFETIMES.values()).total_seconds())

# Without a mail server messages are printed.
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = env.integer("EMAIL_PORT", 587, least=1, most=65_535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", default=True)
EMAIL_USE_SSL = env.boolean("EMAIL_USE_SSL", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "AgileAdapt <no-reply@localhost>")

IS_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF, "blob:"],
        "worker-src": [SELF],
        "connect-src": [SELF, TELNYX_SIGNALLING_HOST.rstrip("/") or "wss://*.telnyx.com"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    # A view names whom it answers, or it answers nobody.
    "DEFAULT_PERMISSION_CLASSES": ["sessions_app.http.permissions.Denied"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["sessions_app.http.bodies.StrictJSONParser"],
    "EXCEPTION_HANDLER": "sessions_app.visitor_page.access.explain",
    "DEFAULT_METADATA_CLASS": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DEFAULT_SCHEMA_CLASS": "sessions_app.http.schema.Described",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AgileAdapt",
    "DESCRIPTION": "What the prospect's page and the closers' dashboard ask.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"Success": ["success"], "Failure": ["error"]},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144

LANGUAGE_CODE = "en-au"
TIME_ZONE = env.text("TIME_ZONE", "Australia/Sydney")
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.text("STATIC_ROOT", "") or str(BASE_DIR / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "agileadapt.static_files.HashedFiles"},
}
# Named by Django's hash or by the bundler's; what has no hash in its name is asked for again after some minutes.
WHITENOISE_IMMUTABLE_FILE_TEST = rf"^{STATIC_URL}.*(\.[0-9a-f]{{12}}\.[a-z0-9]+|/chunks/\w+-[A-Z2-7]{{8}}\.js(\.map)?)$"
WHITENOISE_MAX_AGE = 300
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"without_links": {"()": "accounts.logs.WithoutLinks"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_links"]}},
    "root": {"handlers": ["console"], "level": env.choice("LOG_LEVEL", "INFO", of=("DEBUG", "INFO", "WARNING"))},
    # httpx logs every address at INFO; the addresses hold call ids and the noise hides our own lines.
    # Celery and beat announce every tick of the sweep, and MCP the beginning and end of every request.
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("httpx", "httpcore", "mcp", "telnyx", "celery.beat", "celery.app.trace", "celery.worker.strategy")
    },
}
