"""Addresses of alliances."""

from django.urls import path

from understream.web.alliance import instrument, people, views

app_name = "alliance"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.new, name="new"),
    path("<int:alliance>/", views.home, name="home"),
    path("<int:alliance>/settings/", views.keep, name="keep"),
    path("<int:alliance>/people/", people.show, name="people"),
    path("<int:alliance>/people/invite/", people.invite, name="invite"),
    path("<int:alliance>/people/add/", people.add, name="add"),
    path("<int:alliance>/people/<int:seat>/end/", people.end, name="end"),
    path(
        "<int:alliance>/invitations/<int:invitation>/withdraw/",
        people.withdraw,
        name="withdraw",
    ),
    path("<int:alliance>/rounds/", views.rounds, name="rounds"),
    path("<int:alliance>/rounds/new/", views.plan, name="plan"),
    path("<int:alliance>/instruments/", instrument.instruments, name="instruments"),
    path("<int:alliance>/instruments/new/", instrument.give, name="give"),
    path("<int:alliance>/instruments/remove/", instrument.take_back, name="take_back"),
    path("<int:alliance>/instruments/questionnaire.toml", instrument.file, name="file"),
    path("<int:alliance>/journal/", views.journal, name="journal"),
]
