"""Addresses under a personal link."""

from django.urls import path

from understream.web.answer import reading, views

app_name = "answer"
urlpatterns = [
    path("<str:link>/", views.show, name="show"),
    path("<str:link>/begin/", views.begin, name="begin"),
    path("<str:link>/send/", views.send, name="send"),
    path("<str:link>/withdraw/", views.withdraw, name="withdraw"),
    path("<str:link>/again/", views.again, name="again"),
    path("<str:link>/mirror/", views.mirror, name="mirror"),
    path("<str:link>/read/", reading.read_here, name="read"),
    path("<str:link>/evaluation/", reading.evaluation, name="evaluation"),
    path("<str:link>/evaluation/<str:topic>/dissent/", reading.dissent, name="dissent"),
    path("<str:link>/dissents/<int:dissent>/", reading.hold, name="hold"),
]
