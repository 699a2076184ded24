"""Room for answers to open questions: which question a text answers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0006_workshop"),
    ]

    operations = [
        migrations.AddField(
            model_name="comment",
            name="prompt",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddField(
            model_name="statement",
            name="words",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
