"""Addresses: what parties promise each other."""

from django.urls import path

from understream.web.commitment import views

app_name = "commitment"
urlpatterns = [
    path("alliances/<int:alliance>/commitments/", views.index, name="index"),
    path("alliances/<int:alliance>/commitments/new/", views.new, name="new"),
    path("commitments/<int:commitment>/", views.show, name="show"),
    path("commitments/<int:commitment>/accept/", views.accept, name="accept"),
    path("commitments/<int:commitment>/withdraw/", views.withdraw, name="withdraw"),
    path("commitments/<int:commitment>/judge/", views.judge, name="judge"),
]
