"""Addresses: read side by side, and agree."""

from django.urls.resolvers import URLPattern

app_name = "joint"
urlpatterns: list[URLPattern] = []
