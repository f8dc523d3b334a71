"""Addresses of links, and of what follows them. Asking for a link is limited, so its address is the dashboard's."""

from django.contrib.auth.views import PasswordResetCompleteView, PasswordResetDoneView
from django.urls import path

from accounts import views
from accounts.roles import Action, asks

urlpatterns = [
    path("password-reset/sent/", asks(Action.LINK_ASK)(PasswordResetDoneView.as_view()), name="password_reset_done"),
    # The paths of links are kept out of the log by `logs.py`.
    path("new-password/<uidb64>/<token>/", views.NewPassword.as_view(), name="password_reset_confirm"),
    path("invitation/<uidb64>/<token>/", views.Invitation.as_view(), name="invitation"),
    path("password-set/", asks(Action.LINK_USE)(PasswordResetCompleteView.as_view()), name="password_reset_complete"),
]
