"""Releases and the journal are written once: the database itself refuses to change them."""

from django.db import migrations

from understream.records import guard


class Migration(migrations.Migration):
    """Set the triggers up. A later migration that rebuilds a guarded table sets them up again."""

    dependencies = [("records", "0001_first")]
    operations = [migrations.RunPython(guard.set_up, guard.lift)]
