"""Addresses: what parties promise each other."""

from django.urls.resolvers import URLPattern

app_name = "commitment"
urlpatterns: list[URLPattern] = []
