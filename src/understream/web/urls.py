"""Addresses: one line a concept."""

from django.urls import include, path

handler404 = "understream.web.errors.missing"
handler500 = "understream.web.errors.broken"

urlpatterns = [
    path("", include("understream.web.door.urls")),
    path("account/", include("understream.web.account.urls")),
    path("alliances/", include("understream.web.alliance.urls")),
    path("i/", include("understream.web.invitation.urls")),
    path("r/", include("understream.web.answer.urls")),
    path("", include("understream.web.place.urls")),
    path("", include("understream.web.workshop.urls")),
    path("wall/", include("understream.web.wall.urls")),
    path("rounds/", include("understream.web.round.urls")),
    path("rounds/", include("understream.web.mirror.urls")),
    path("rounds/", include("understream.web.change.urls")),
    path("", include("understream.web.evaluation.urls")),
    path("evaluations/", include("understream.web.reflection.urls")),
    path("evaluations/", include("understream.web.joint.urls")),
    path("", include("understream.web.commitment.urls")),
    path("research/", include("understream.web.research.urls")),
    path("host/", include("understream.web.host.urls")),
    path("parts/", include("understream.web.parts.urls")),
]
