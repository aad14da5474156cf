"""The ASGI entry point that uvicorn serves."""

import os

from django.core.asgi import get_asgi_application

from fleet_site.serving import ready_to_serve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
application = get_asgi_application()
ready_to_serve()
