from django.apps import AppConfig


class FlightRecorderConfig(AppConfig):
    name = "flight_recorder"
    verbose_name = "Flight recorder"
