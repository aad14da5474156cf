"""The site: settings, access, and the commands that concern the whole."""

from django.apps import AppConfig


class FleetSiteConfig(AppConfig):
    """Ties the two apps together; has no models of its own."""

    name = "fleet_site"
    verbose_name = "Site"

    def ready(self) -> None:
        """Register the site's system checks, and the Celery application that messages are sent by."""
        from fleet_site import celery, checks  # noqa: F401
