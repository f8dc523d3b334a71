import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Probe",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(help_text="Last sign of life of the command.")),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "tab",
                    models.CharField(
                        blank=True, help_text="The page that takes part; a second one may not.", max_length=36
                    ),
                ),
                ("tab_seen_at", models.DateTimeField(null=True)),
                ("logins", models.PositiveSmallIntegerField(default=0)),
                ("tool_uses", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("arguments", models.JSONField(default=dict)),
                (
                    "probe",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="orders", to="probe.probe"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("probe", "number"), name="order_number_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Told",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=4)),
                ("at", models.DateTimeField()),
                ("data", models.JSONField()),
                (
                    "probe",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="told", to="probe.probe"
                    ),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
    ]
