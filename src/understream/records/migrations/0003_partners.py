"""In a directed round of many parties everybody is asked about two partners."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep with a right which partners it is about; forgotten when the round closes."""

    dependencies = [("records", "0002_guard")]
    operations = [
        migrations.AddField(
            model_name="participation",
            name="partners",
            field=models.JSONField(null=True),
        )
    ]
