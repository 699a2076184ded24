"""Tell Django where the tables are."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """The one app that has tables."""

    name = "understream.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
