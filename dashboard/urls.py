"""Addresses of the dashboard, and of signing in and out."""

from django.contrib.auth.views import LoginView
from django.urls import include, path

from dashboard import action_views, answer_views, recordings, views, wallboard

_pages = [
    path("", views.board, name="board"),
    path("sessions/<uuid:session_id>/", views.board, name="session"),
    path("sessions/<uuid:session_id>/recording.json", recordings.download, name="recording"),
    path("search/", views.search_page, name="search"),
    path("wallboard/", wallboard.page, name="wallboard"),
    path("availability", action_views.availability, name="availability"),
    path("back", action_views.back, name="back"),
    path("offers/<uuid:offer_id>/accept", action_views.accept, name="accept"),
    path("offers/<uuid:offer_id>/decline", action_views.decline, name="decline"),
    path("sessions/<uuid:session_id>/take", action_views.take, name="take"),
    path("sessions/<uuid:session_id>/assign", action_views.assign, name="assign"),
    path("sessions/<uuid:session_id>/steer", action_views.steer, name="steer"),
    # The name of an answer may be anything that the assistant made up, so it comes last.
    path("sessions/<uuid:session_id>/fields/<path:name>", answer_views.edit, name="edit-answer"),
    path("sessions/<uuid:session_id>/use/<path:name>", answer_views.use, name="use-answer"),
    path("sessions/<uuid:session_id>/dismiss/<path:name>", answer_views.dismiss, name="dismiss-answer"),
    path("sessions/<uuid:session_id>/unlock/<path:name>", answer_views.unlock, name="unlock-answer"),
    path("handoffs/<uuid:handoff_id>/take-over", action_views.take_over, name="take-over"),
    path("handoffs/<uuid:handoff_id>/hand-back", action_views.hand_back, name="hand-back"),
    path("handoffs/<uuid:handoff_id>/hang-up", action_views.hang_up, name="hang-up"),
    path("handoffs/<uuid:handoff_id>/notes", action_views.notes, name="notes"),
    path("handoffs/<uuid:handoff_id>/complete", action_views.complete, name="complete"),
    path("handoffs/<uuid:handoff_id>/quality", action_views.quality, name="quality"),
    path("softphone/login", action_views.softphone_login, name="softphone-login"),
    path("callbacks/", views.callback_page, name="callbacks"),
    path("promises/<int:promise_id>/call", action_views.call_back, name="call-back"),
    path("promises/<int:promise_id>/keep", action_views.keep_promise, name="keep-promise"),
]

urlpatterns = [
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", views.SignOut.as_view(), name="logout"),
    path("dashboard/", include((_pages, "dashboard"))),
]
