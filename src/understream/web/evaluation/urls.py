"""Addresses: prepare an evaluation, follow its course, check what was sealed."""

from django.urls import path

from understream.web.evaluation import agreement, proof, views

app_name = "evaluation"
urlpatterns = [
    path("alliances/<int:alliance>/evaluations/", views.index, name="index"),
    path("alliances/<int:alliance>/evaluations/rhythm/", views.cycle, name="cycle"),
    path("alliances/<int:alliance>/evaluations/new/", agreement.new, name="new"),
    path("evaluations/<int:evaluation>/", views.show, name="show"),
    path("evaluations/<int:evaluation>/agreement/", agreement.accept, name="accept"),
    path("evaluations/<int:evaluation>/agreement/change/", agreement.change, name="change"),
    path("evaluations/<int:evaluation>/open/", views.open_it, name="open"),
    path("evaluations/<int:evaluation>/call-off/", views.call_off, name="call_off"),
    path("evaluations/<int:evaluation>/propose/", views.propose, name="propose"),
    path(
        "evaluations/<int:evaluation>/proposals/<int:proposal>/consent/",
        views.consent,
        name="consent",
    ),
    path(
        "evaluations/<int:evaluation>/proposals/<int:proposal>/withdraw/",
        views.withdraw,
        name="withdraw",
    ),
    path("evaluations/<int:evaluation>/log/", proof.log, name="log"),
    path("evaluations/<int:evaluation>/receipts/<int:index>/", proof.receipt, name="receipt"),
    path("evaluations/<int:evaluation>/bundle/", proof.bundle, name="bundle"),
    path("evaluations/<int:evaluation>/verify/", proof.verify, name="verify"),
]
