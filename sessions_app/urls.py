"""The prospect's addresses."""

from django.urls import path

from sessions_app.visitor_page import views

urlpatterns = [
    path("w/<slug:slug>/", views.widget_page, name="widget"),
    path("api/orchestration/token", views.TokenView.as_view(), name="token"),
    path("api/orchestration/lines", views.LinesView.as_view(), name="lines"),
    path("api/orchestration/rejoin", views.RejoinView.as_view(), name="rejoin"),
    path("api/orchestration/renew", views.RenewView.as_view(), name="renew"),
    path("api/orchestration/heard", views.HeardView.as_view(), name="heard"),
]
