"""The WSGI entry point, for servers that know no ASGI."""

import os

from django.core.wsgi import get_wsgi_application

from fleet_site.serving import ready_to_serve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
application = get_wsgi_application()
ready_to_serve()
