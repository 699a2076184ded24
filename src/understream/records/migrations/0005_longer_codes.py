"""Room for the longest code that is written about: the closing decision's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0004_evaluation"),
    ]

    operations = [
        migrations.AlterField(
            model_name="commitment",
            name="topic",
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AlterField(
            model_name="jointtext",
            name="code",
            field=models.CharField(blank=True, max_length=12),
        ),
    ]
