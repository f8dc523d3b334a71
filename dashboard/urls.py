"""Addresses of the dashboard, and of signing in and out."""

from django.contrib.auth.views import LoginView
from django.urls import include, path

from dashboard.actions import answers, calls
from dashboard.pages import recordings, sign_in, views, wallboard
from dashboard.pages.passwords import LimitedPasswordReset

_pages = [
    path("", views.board, name="board"),
    path("sessions/<uuid:session_id>/", views.board, name="session"),
    path("sessions/<uuid:session_id>/recording.json", recordings.download, name="recording"),
    path("search/", views.search_page, name="search"),
    path("wallboard/", wallboard.page, name="wallboard"),
    path("availability", calls.Availability.as_view(), name="availability"),
    path("back", calls.Back.as_view(), name="back"),
    path("offers/<uuid:offer_id>/accept", calls.Accept.as_view(), name="accept"),
    path("offers/<uuid:offer_id>/decline", calls.Decline.as_view(), name="decline"),
    path("sessions/<uuid:session_id>/take", calls.Take.as_view(), name="take"),
    path("sessions/<uuid:session_id>/assign", calls.Assign.as_view(), name="assign"),
    path("sessions/<uuid:session_id>/steer", calls.Steer.as_view(), name="steer"),
    # The name of an answer may be anything that the assistant made up, so it comes last.
    path("sessions/<uuid:session_id>/fields/<path:name>", answers.Edit.as_view(), name="edit-answer"),
    path("sessions/<uuid:session_id>/use/<path:name>", answers.Use.as_view(), name="use-answer"),
    path("sessions/<uuid:session_id>/dismiss/<path:name>", answers.Dismiss.as_view(), name="dismiss-answer"),
    path("sessions/<uuid:session_id>/unlock/<path:name>", answers.Unlock.as_view(), name="unlock-answer"),
    path("handoffs/<uuid:handoff_id>/take-over", calls.TakeOver.as_view(), name="take-over"),
    path("handoffs/<uuid:handoff_id>/hand-back", calls.HandBack.as_view(), name="hand-back"),
    path("handoffs/<uuid:handoff_id>/hang-up", calls.HangUp.as_view(), name="hang-up"),
    path("handoffs/<uuid:handoff_id>/notes", calls.Notes.as_view(), name="notes"),
    path("handoffs/<uuid:handoff_id>/complete", calls.Complete.as_view(), name="complete"),
    path("handoffs/<uuid:handoff_id>/quality", calls.Quality.as_view(), name="quality"),
    path("softphone/login", calls.SoftphoneLogin.as_view(), name="softphone-login"),
    path("callbacks/", views.callback_page, name="callbacks"),
    path("promises/<int:promise_id>/call", calls.CallBack.as_view(), name="call-back"),
    path("promises/<int:promise_id>/keep", calls.KeepPromise.as_view(), name="keep-promise"),
]

urlpatterns = [
    path("accounts/login/", sign_in.limited(LoginView.as_view(redirect_authenticated_user=True)), name="login"),
    path("accounts/logout/", views.SignOut.as_view(), name="logout"),
    path("accounts/password-reset/", LimitedPasswordReset.as_view(), name="password_reset"),
    path("accounts/", include("accounts.urls")),
    path("dashboard/", include((_pages, "dashboard"))),
]
