"""Evaluations: agreement, reflections, seals, what is written together, commitments."""

import django.db.models.deletion
from django.db import migrations, models

from understream.records import guard


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0003_partners"),
    ]

    operations = [
        # SQLite makes a table with a new column anew, without its triggers.
        migrations.RunPython(guard.lift, guard.set_up),
        migrations.CreateModel(
            name="Dissent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=8)),
                ("text", models.TextField()),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.AddField(
            model_name="release",
            name="salts",
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32, unique=True)),
                ("title", models.CharField(max_length=120)),
                ("scope", models.TextField(blank=True)),
                (
                    "depth",
                    models.CharField(
                        choices=[("cycle", "Cycle"), ("deep", "Deep")],
                        default="cycle",
                        max_length=5,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("preparing", "Preparing"),
                            ("running", "Running"),
                            ("revealed", "Revealed"),
                            ("agreed", "Agreed"),
                            ("cancelled", "Cancelled"),
                            ("expired", "Expired"),
                        ],
                        default="preparing",
                        max_length=9,
                    ),
                ),
                ("k", models.PositiveSmallIntegerField(default=5)),
                ("asks_comment", models.BooleanField(default=True)),
                ("shares_figures", models.BooleanField(default=True)),
                ("answer_until", models.DateTimeField()),
                ("seal_until", models.DateTimeField()),
                (
                    "if_never",
                    models.CharField(
                        choices=[("extend once", "Extend"), ("talk", "Talk")],
                        default="extend once",
                        max_length=11,
                    ),
                ),
                ("extra_days", models.PositiveSmallIntegerField(default=7)),
                ("extended", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=1)),
                ("opened_at", models.DateTimeField(null=True)),
                ("revealed_at", models.DateTimeField(null=True)),
                ("soft_opened_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "alliance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluations",
                        to="records.alliance",
                    ),
                ),
                (
                    "facilitator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Critic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=8)),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="critics",
                        to="records.evaluation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Commitment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(blank=True, max_length=8)),
                ("action", models.TextField()),
                ("due_on", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("standing", "Standing"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="proposed",
                        max_length=9,
                    ),
                ),
                ("written_at", models.DateTimeField()),
                ("stood_at", models.DateTimeField(null=True)),
                (
                    "alliance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments",
                        to="records.alliance",
                    ),
                ),
                (
                    "giver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.party",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.party",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments",
                        to="records.evaluation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Closing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rating", models.PositiveSmallIntegerField()),
                ("sentence", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.party",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closings",
                        to="records.evaluation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Acceptance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("mode", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.party",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acceptances",
                        to="records.evaluation",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="round",
            name="evaluation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rounds",
                to="records.evaluation",
            ),
        ),
        migrations.CreateModel(
            name="Holder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("shares", models.BooleanField(default=False)),
                (
                    "dissent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="holders",
                        to="records.dissent",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="JointText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("topic", "Topic"),
                            ("block", "Block"),
                            ("relevance", "Relevance"),
                        ],
                        max_length=9,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=8)),
                ("reading", models.TextField(blank=True)),
                ("decision", models.TextField(blank=True)),
                (
                    "choice",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("ED1", "Continue"),
                            ("ED2", "Deepen"),
                            ("ED3", "Narrow"),
                            ("ED4", "Redesign"),
                            ("ED5", "End"),
                            ("ED0", "Not Yet"),
                        ],
                        max_length=3,
                    ),
                ),
                ("decide_on", models.DateField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="texts",
                        to="records.evaluation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="JointAcceptance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.party",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acceptances",
                        to="records.jointtext",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="JointVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="history",
                        to="records.jointtext",
                    ),
                ),
            ],
            options={
                "ordering": ("-version",),
            },
        ),
        migrations.CreateModel(
            name="Judgement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("kept", "Kept"),
                            ("renegotiated", "Renegotiated"),
                            ("broken", "Broken"),
                        ],
                        max_length=12,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="judgements",
                        to="records.commitment",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.party",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("extend", "Extend"), ("cancel", "Cancel")], max_length=6
                    ),
                ),
                ("until", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="records.evaluation",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.party",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consents",
                        to="records.proposal",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reflection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed_at", models.DateTimeField(null=True)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("entry", models.PositiveIntegerField(null=True)),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reflections",
                        to="records.evaluation",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.party",
                    ),
                ),
                (
                    "sealed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Guest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "reflection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="guests",
                        to="records.reflection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Envelope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("part", models.PositiveSmallIntegerField()),
                ("document", models.BinaryField()),
                ("salt", models.BinaryField(max_length=32)),
                ("commitment", models.CharField(max_length=64)),
                ("opened_at", models.DateTimeField(null=True)),
                (
                    "reflection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="envelopes",
                        to="records.reflection",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="dissent",
            name="reflection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="dissents",
                to="records.reflection",
            ),
        ),
        migrations.CreateModel(
            name="ConclusionVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=8)),
                ("version", models.PositiveIntegerField()),
                ("content", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
                (
                    "reflection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="history",
                        to="records.reflection",
                    ),
                ),
            ],
            options={
                "ordering": ("-version",),
            },
        ),
        migrations.CreateModel(
            name="Conclusion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=8)),
                (
                    "change",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not", "Not"),
                            ("little", "Little"),
                            ("lot", "Lot"),
                            ("cannot judge", "Cannot"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "effect",
                    models.CharField(
                        blank=True,
                        choices=[("helps", "Helps"), ("hurts", "Hurts"), ("neither", "Neither")],
                        max_length=7,
                    ),
                ),
                ("rating", models.PositiveSmallIntegerField(default=0)),
                (
                    "direction",
                    models.CharField(
                        blank=True,
                        choices=[("worse", "Worse"), ("same", "Same"), ("better", "Better")],
                        max_length=6,
                    ),
                ),
                ("sentence", models.TextField(blank=True)),
                (
                    "sure",
                    models.CharField(
                        blank=True,
                        choices=[("high", "High"), ("medium", "Medium"), ("low", "Low")],
                        max_length=6,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "reflection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conclusions",
                        to="records.reflection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SealLog",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=32, unique=True)),
                (
                    "alliance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seal_log",
                        to="records.alliance",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SealEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("index", models.PositiveIntegerField()),
                ("previous", models.CharField(max_length=64)),
                ("body", models.TextField()),
                ("hash", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=128)),
                ("receipt", models.TextField(blank=True)),
                (
                    "log",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="records.seallog",
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="records.evaluation",
                    ),
                ),
            ],
            options={
                "ordering": ("index",),
            },
        ),
        migrations.CreateModel(
            name="CommitmentAcceptance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acceptances",
                        to="records.commitment",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.party",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.seatrow",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("commitment", "party"), name="one_commitment_yes_a_party"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Cycle",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pulse_months", models.PositiveSmallIntegerField(default=3)),
                ("evaluation_months", models.PositiveSmallIntegerField(default=12)),
                ("next_pulse_on", models.DateField()),
                ("next_evaluation_on", models.DateField()),
                ("renewal_on", models.DateField(null=True)),
                (
                    "alliance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cycle",
                        to="records.alliance",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pulse_months__gte", 1),
                            ("pulse_months__lte", 24),
                            ("evaluation_months__gte", 1),
                            ("evaluation_months__lte", 36),
                        ),
                        name="cycle_of_months",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(("k__gte", 5)), name="evaluation_k_at_least_5"
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("revealed_at__isnull", False), ("state__in", ("revealed", "agreed"))
                    ),
                    models.Q(
                        models.Q(("state__in", ("revealed", "agreed")), _negated=True),
                        ("revealed_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="evaluation_revealed_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("soft_opened_at__isnull", True),
                    ("revealed_at__isnull", False),
                    _connector="OR",
                ),
                name="evaluation_soft_after_hard",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("preparing", "running"))),
                fields=("alliance",),
                name="one_evaluation_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="critic",
            constraint=models.UniqueConstraint(
                fields=("evaluation", "topic"), name="one_critic_a_topic"
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(("giver", models.F("receiver")), _negated=True),
                name="promised_to_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "standing"), ("stood_at__isnull", False)),
                    models.Q(("state", "standing"), _negated=True),
                    _connector="OR",
                ),
                name="standing_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="closing",
            constraint=models.UniqueConstraint(
                fields=("evaluation", "party"), name="one_closing_a_party"
            ),
        ),
        migrations.AddConstraint(
            model_name="closing",
            constraint=models.CheckConstraint(
                condition=models.Q(("rating__gte", 1), ("rating__lte", 7)), name="closing_on_scale"
            ),
        ),
        migrations.AddConstraint(
            model_name="acceptance",
            constraint=models.UniqueConstraint(
                fields=("evaluation", "party"), name="one_acceptance_a_party"
            ),
        ),
        migrations.AddConstraint(
            model_name="holder",
            constraint=models.UniqueConstraint(fields=("dissent", "seat"), name="one_hold_a_seat"),
        ),
        migrations.AddConstraint(
            model_name="jointtext",
            constraint=models.UniqueConstraint(
                fields=("evaluation", "kind", "code"), name="one_joint_text_a_topic"
            ),
        ),
        migrations.AddConstraint(
            model_name="jointacceptance",
            constraint=models.UniqueConstraint(
                fields=("text", "party"), name="one_joint_yes_a_party"
            ),
        ),
        migrations.AddConstraint(
            model_name="jointversion",
            constraint=models.UniqueConstraint(
                fields=("text", "version"), name="one_version_of_a_joint_text"
            ),
        ),
        migrations.AddConstraint(
            model_name="judgement",
            constraint=models.UniqueConstraint(
                fields=("commitment", "party"), name="one_judgement_a_party"
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("settled_at__isnull", True)),
                fields=("evaluation",),
                name="one_proposal_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                fields=("proposal", "party"), name="one_consent_a_party"
            ),
        ),
        migrations.AddConstraint(
            model_name="reflection",
            constraint=models.UniqueConstraint(
                fields=("evaluation", "party"), name="one_reflection_a_party"
            ),
        ),
        migrations.AddConstraint(
            model_name="reflection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("digest", ""), ("entry__isnull", True), ("sealed_at__isnull", True)),
                    models.Q(
                        ("entry__isnull", False),
                        ("sealed_at__isnull", False),
                        models.Q(("digest", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="sealed_means_digest",
            ),
        ),
        migrations.AddConstraint(
            model_name="guest",
            constraint=models.UniqueConstraint(
                fields=("reflection", "seat"), name="one_guest_a_seat"
            ),
        ),
        migrations.AddConstraint(
            model_name="envelope",
            constraint=models.UniqueConstraint(
                fields=("reflection", "part"), name="one_envelope_a_part"
            ),
        ),
        migrations.AddConstraint(
            model_name="envelope",
            constraint=models.CheckConstraint(
                condition=models.Q(("part__gte", 1), ("part__lte", 2)), name="two_parts"
            ),
        ),
        migrations.AddConstraint(
            model_name="conclusionversion",
            constraint=models.UniqueConstraint(
                fields=("reflection", "topic", "version"), name="one_version_of_a_conclusion"
            ),
        ),
        migrations.AddConstraint(
            model_name="conclusion",
            constraint=models.UniqueConstraint(
                fields=("reflection", "topic"), name="one_conclusion_a_topic"
            ),
        ),
        migrations.AddConstraint(
            model_name="conclusion",
            constraint=models.CheckConstraint(
                condition=models.Q(("rating__lte", 7), ("rating", 255), _connector="OR"),
                name="conclusion_rating_on_scale",
            ),
        ),
        migrations.AddConstraint(
            model_name="sealentry",
            constraint=models.UniqueConstraint(fields=("log", "index"), name="one_entry_a_place"),
        ),
        migrations.RunPython(guard.set_up, guard.lift),
    ]
