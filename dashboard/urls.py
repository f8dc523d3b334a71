"""Addresses of the dashboard, and of signing in and out."""

from django.contrib.auth.views import LoginView
from django.urls import include, path

from dashboard.actions import answers, calls
from dashboard.pages import recordings, views, wallboard
from dashboard.pages.passwords import LimitedPasswordReset

_pages = [
    path("", views.board, name="board"),
    path("sessions/<uuid:session_id>/", views.board, name="session"),
    path("sessions/<uuid:session_id>/recording.json", recordings.download, name="recording"),
    path("search/", views.search_page, name="search"),
    path("wallboard/", wallboard.page, name="wallboard"),
    path("availability", calls.availability, name="availability"),
    path("back", calls.back, name="back"),
    path("offers/<uuid:offer_id>/accept", calls.accept, name="accept"),
    path("offers/<uuid:offer_id>/decline", calls.decline, name="decline"),
    path("sessions/<uuid:session_id>/take", calls.take, name="take"),
    path("sessions/<uuid:session_id>/assign", calls.assign, name="assign"),
    path("sessions/<uuid:session_id>/steer", calls.steer, name="steer"),
    # The name of an answer may be anything that the assistant made up, so it comes last.
    path("sessions/<uuid:session_id>/fields/<path:name>", answers.edit, name="edit-answer"),
    path("sessions/<uuid:session_id>/use/<path:name>", answers.use, name="use-answer"),
    path("sessions/<uuid:session_id>/dismiss/<path:name>", answers.dismiss, name="dismiss-answer"),
    path("sessions/<uuid:session_id>/unlock/<path:name>", answers.unlock, name="unlock-answer"),
    path("handoffs/<uuid:handoff_id>/take-over", calls.take_over, name="take-over"),
    path("handoffs/<uuid:handoff_id>/hand-back", calls.hand_back, name="hand-back"),
    path("handoffs/<uuid:handoff_id>/hang-up", calls.hang_up, name="hang-up"),
    path("handoffs/<uuid:handoff_id>/notes", calls.notes, name="notes"),
    path("handoffs/<uuid:handoff_id>/complete", calls.complete, name="complete"),
    path("handoffs/<uuid:handoff_id>/quality", calls.quality, name="quality"),
    path("softphone/login", calls.softphone_login, name="softphone-login"),
    path("callbacks/", views.callback_page, name="callbacks"),
    path("promises/<int:promise_id>/call", calls.call_back, name="call-back"),
    path("promises/<int:promise_id>/keep", calls.keep_promise, name="keep-promise"),
]

urlpatterns = [
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", views.SignOut.as_view(), name="logout"),
    path("accounts/password-reset/", LimitedPasswordReset.as_view(), name="password_reset"),
    path("accounts/", include("accounts.urls")),
    path("dashboard/", include((_pages, "dashboard"))),
]
