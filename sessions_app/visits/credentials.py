"""Short-lived logins at Telnyx: minted, prolonged, swept away."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from sessions_app.models import (
    TelephonyCredential,
    VoiceSession,
)
from sessions_app.visits import carrier
from telephony.client import TelnyxError
from telephony.credentials import ends_at

logger = logging.getLogger(__name__)

CREDENTIAL_TAG = "agile-adapt-widget"
CLOSER_TAG = "agile-adapt-closer"
PROBE_TAG = "agile-adapt-probe"
PROBE_NAME = "AgileAdapt-Probe-"
# A closer stays logged in over a working day; the page logs in anew before this.
CLOSER_CREDENTIAL_LIFETIME = timedelta(hours=12)
# A probe of the account takes a quarter of an hour, and whoever runs it may be interrupted.
PROBE_CREDENTIAL_LIFETIME = timedelta(minutes=40)
# While Telnyx is slow, so many of a process wait for it at once; whoever comes then is told so soon, and the threads
# that answer everything else are left free.
MOST_MINTS = 16
MINT_WAITS_SECONDS = 5
_mints = BoundedSemaphore(MOST_MINTS)


@dataclass(frozen=True)
class Login:
    """What a browser needs to log in at Telnyx. Never stored and never logged."""

    username: str
    password: str
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "Login(…)"


class MintingFailed(Exception):
    """Telnyx gave no credential; `reference` is in the log beside the cause."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"no credential ({reference})")
        self.reference = reference


def mint_for_session(session: VoiceSession, *, now: datetime) -> Login:
    """A credential for the prospect's page. Raises MintingFailed."""
    row = TelephonyCredential.objects.create(
        session=session,
        name=f"AgileAdapt-Session-{uuid4().hex}",
        created_at=now,
        expires_at=now + settings.CREDENTIAL_LIFETIME,
        revoke_at=now + settings.CREDENTIAL_LIFETIME,
    )
    return _mint(row, tag=CREDENTIAL_TAG)


def mint_for_user(user: AbstractBaseUser, *, page: UUID | None, now: datetime) -> Login:
    """A credential for a softphone on one open page; that page's earlier ones are revoked. Raises MintingFailed."""
    login = _mint_for_user(user, page, now)
    earlier = TelephonyCredential.objects.filter(user_id=user.pk, page=page, revoked_at=None)
    earlier = earlier.exclude(sip_username=login.username)
    # Its line may still be up for the moment of the change.
    earlier.filter(revoke_at__gt=now + timedelta(minutes=1)).update(revoke_at=now + timedelta(minutes=1))
    return login


def _mint_for_user(user: AbstractBaseUser, page: UUID | None, now: datetime) -> Login:
    row = TelephonyCredential.objects.create(
        user_id=user.pk,
        name=f"AgileAdapt-Closer-{uuid4().hex}",
        created_at=now,
        expires_at=now + CLOSER_CREDENTIAL_LIFETIME,
        page=page,
        page_seen_at=now,
        revoke_at=now + CLOSER_CREDENTIAL_LIFETIME,
    )
    return _mint(row, tag=CLOSER_TAG)


def has_login(session: VoiceSession, *, now: datetime) -> bool:
    """Whether the page of a visit that lives was given a credential that has not ended."""
    mine = TelephonyCredential.objects.filter(session=session, revoked_at=None, revoke_at__gt=now)
    return session.ended_at is None and mine.filter(telnyx_id__isnull=False).exists()


def renew_for_session(session: VoiceSession, *, now: datetime) -> Login:
    """A later end for the login of the page's call; its visit's end ends it as before. Raises MintingFailed."""
    mine = TelephonyCredential.objects.filter(session=session)
    login = _prolong(mine, settings.CREDENTIAL_LIFETIME, now) or mint_for_session(session, now=now)
    # The visit may have ended while Telnyx was asked.
    mine.filter(revoked_at=None, session__ended_at__isnull=False).update(revoke_at=now)
    return login


def renew_for_user(user: AbstractBaseUser, *, page: UUID | None, now: datetime) -> Login:
    """A later end for the login of a softphone's call on one page. Raises MintingFailed."""
    mine = TelephonyCredential.objects.filter(user_id=user.pk, page=page)
    login = _prolong(mine, CLOSER_CREDENTIAL_LIFETIME, now)
    # Where it takes another one, the former is left alone: the call may stand on it until it ends by itself.
    return login or _mint_for_user(user, page, now)


def _prolong(mine: QuerySet[TelephonyCredential], lifetime: timedelta, now: datetime) -> Login | None:
    """The same SIP login with a later end and a fresh token; None where Telnyx does not let it live on.

    The same one, because a call stands on it: whether a call survives that its session logs in as somebody else, or
    that its own credential ends, is documented nowhere. A token ends with its credential, hence the credential first;
    whether a token minted after that ends later is not documented either, so it is asked when it ends.
    """
    row = mine.filter(revoked_at=None, revoke_at__gt=now, telnyx_id__isnull=False).order_by("-created_at").first()
    if row is None:
        return None
    expires_at, client = now + lifetime, carrier.client()
    try:
        client.extend_credential(str(row.telnyx_id), expires_at=expires_at)
        token = client.create_login_token(str(row.telnyx_id))
    except TelnyxError as error:
        logger.warning("credential %s not prolonged: status %s code %s", row.pk, error.status, error.code)
        return None
    ends = ends_at(token)
    if ends is not None and ends < now + lifetime / 2:
        logger.warning("credential %s not prolonged: its token ends when it did before", row.pk)
        return None
    mine.filter(pk=row.pk, revoke_at__gt=now).update(expires_at=expires_at, revoke_at=expires_at)
    return Login(username=str(row.sip_username), password="", token=token, expires_at=expires_at)


def mint_for_probe(*, now: datetime) -> tuple[Login, TelephonyCredential]:
    """A credential for a line of a probe's page: nobody's visit and nobody's softphone. Raises MintingFailed."""
    row = TelephonyCredential.objects.create(
        name=f"{PROBE_NAME}{uuid4().hex}",
        created_at=now,
        expires_at=now + PROBE_CREDENTIAL_LIFETIME,
        revoke_at=now + PROBE_CREDENTIAL_LIFETIME,
    )
    return _mint(row, tag=PROBE_TAG), row


def is_probing(*, now: datetime) -> bool:
    """Whether a probe's credentials live: calls that no visit owns may then be its own."""
    mine = TelephonyCredential.objects.filter(name__startswith=PROBE_NAME, revoked_at=None, revoke_at__gt=now)
    return mine.exists()


def _mint(row: TelephonyCredential, *, tag: str) -> Login:
    """Ask Telnyx outside any transaction: the row exists first, so a lost reply leaves a name to sweep by."""
    client = carrier.client()
    carrier.let_go()  # Whoever waits for a place here waits without a connection, too.
    if not _mints.acquire(timeout=MINT_WAITS_SECONDS):
        raise _failed(row, "too many are being minted")
    try:
        made = client.create_credential(
            connection_id=settings.TELNYX_CONNECTION_ID, name=row.name, tag=tag, expires_at=row.expires_at
        )
        row.telnyx_id, row.sip_username = made.id, made.username
        row.save(update_fields=["telnyx_id", "sip_username"])
        token = client.create_login_token(made.id)
    except TelnyxError as error:
        # Without a traceback, which could hold what Telnyx answered.
        raise _failed(row, f"status {error.status} code {error.code}") from error
    finally:
        _mints.release()
    return Login(username=made.username, password=made.password, token=token, expires_at=row.expires_at)


def _failed(row: TelephonyCredential, why: str) -> MintingFailed:
    TelephonyCredential.objects.filter(pk=row.pk).update(revoke_at=row.created_at)
    reference = uuid4().hex[:12]
    logger.error("no credential (%s): %s", reference, why)
    return MintingFailed(reference)


def revoke_due_credentials(*, now: datetime, limit: int = 20) -> int:
    """Delete at Telnyx what is due; what fails is tried again at the next call. Returns how many are gone."""
    due = TelephonyCredential.objects.filter(revoked_at=None, revoke_at__lte=now, telnyx_id__isnull=False)
    revoked = 0
    for row in due.order_by("revoke_at")[:limit]:
        try:
            carrier.client().delete_credential(str(row.telnyx_id))
        except TelnyxError as error:
            logger.warning("credential %s not revoked: status %s code %s", row.pk, error.status, error.code)
            TelephonyCredential.objects.filter(pk=row.pk).update(revoke_at=now + timedelta(seconds=30))
            continue
        TelephonyCredential.objects.filter(pk=row.pk).update(revoked_at=now)
        revoked += 1
    return revoked


def revoke_orphans(*, now: datetime) -> int:
    """Delete credentials whose creating reply was lost: they stand at Telnyx under a name that has no id here."""
    # A minute old at least: the reply to a younger one may still be on its way.
    nameless = TelephonyCredential.objects.filter(
        telnyx_id=None, revoked_at=None, created_at__lt=now - timedelta(minutes=1)
    )
    rows = {row.name: row for row in nameless}
    if not rows:
        return 0
    found = 0
    for tag in (CREDENTIAL_TAG, CLOSER_TAG, PROBE_TAG):
        for summary in carrier.client().list_credentials(tag=tag):
            if summary.name in rows:
                carrier.client().delete_credential(summary.id)
                found += 1
    TelephonyCredential.objects.filter(pk__in=[row.pk for row in rows.values()]).update(revoked_at=now)
    return found
