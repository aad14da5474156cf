"""Django settings: what the environment leaves open is decided here."""

from pathlib import Path

from csp.constants import NONE, SELF

from fleet_site.databases import database_setting
from fleet_site.env import BASE_DIR, read_env, secret_key
from fleet_site.logs import logging_setting
from runs_app.domain.prompts import PromptKind
from skills_app.domain.enums import Role

ENV = read_env()
IS_PRODUCTION = ENV.env == "production"
DATA_DIR: Path = ENV.data_dir

DEBUG = ENV.debug
SECRET_KEY = secret_key(ENV)
ALLOWED_HOSTS = ENV.split("allowed_hosts")
CSRF_TRUSTED_ORIGINS = ENV.split("csrf_trusted_origins")

INSTALLED_APPS = [
    "fleet_site.apps.FleetSiteConfig",
    "skills_app.apps.SkillsAppConfig",
    "runs_app.apps.RunsAppConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "rules.apps.AutodiscoverRulesConfig",
    "template_partials.apps.SimpleAppConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "fleet_site.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "fleet_site.middleware.SecurityHeadersMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "fleet_site.urls"
ASGI_APPLICATION = "fleet_site.asgi.application"
WSGI_APPLICATION = "fleet_site.wsgi.application"

_LOADERS: list[object] = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "builtins": ["template_partials.templatetags.partials", "skills_app.templatetags.fleet"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fleet_site.http.site_context",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    _LOADERS if DEBUG else [("django.template.loaders.cached.Loader", _LOADERS)],
                )
            ],
        },
    }
]

DATABASES = {"default": database_setting(ENV.database_url, data_dir=DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "fleet"}}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "site:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "site:sign_in"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "fleet_site.views.errors.locked_out"
AXES_VERBOSE = False

PASSWORD_RESET_TIMEOUT = 60 * 60  # of a one-time link
# A selection in the tree is one field for each row; the size of a form stays bounded by its bytes.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 25_000
CSRF_FAILURE_VIEW = "fleet_site.views.errors.csrf_failed"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PRODUCTION
SECURE_SSL_REDIRECT = IS_PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if ENV.behind_tls_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# No inline script, no inline style, nothing from elsewhere: text of users and models is hostile.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = ENV.time_zone
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG

LOGGING_CONFIG = None
LOGGING = logging_setting(level=ENV.log_level, is_json=ENV.log_json)

# Celery: a message is only a wake-up, the database row is the truth.
CELERY_BROKER_URL = ENV.broker_url or "filesystem://localhost"
CELERY_TASK_DEFAULT_QUEUE = ENV.queue
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = 2
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Nobody tells workers anything but by rows. The queue for it belongs to one worker of a name: with RabbitMQ a second site of
# this machine, or a worker that begins while the connection of a killed one still lies there, could not start.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
_BROKER_DIR = DATA_DIR / "broker"
if CELERY_BROKER_URL.startswith("filesystem:"):
    for _folder in ("messages", "control"):
        (_BROKER_DIR / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_BROKER_DIR / "messages"),
        "data_folder_out": str(_BROKER_DIR / "messages"),
        "control_folder": str(_BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 120}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

# Mails: alerts and digests. Without a server they are printed, so that a first look needs none.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if ENV.mail_host else 'console'}.EmailBackend"
EMAIL_HOST = ENV.mail_host
EMAIL_PORT = ENV.mail_port
EMAIL_HOST_USER = ENV.mail_user
EMAIL_HOST_PASSWORD = ENV.mail_password.get_secret_value()
EMAIL_USE_TLS = ENV.mail_tls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = ENV.mail_from

# The product's own settings.
FLEET_SITE_URL = ENV.site_url.rstrip("/")
FLEET_VERSION = "0.1.0"
FLEET_MLFLOW_URI = ENV.mlflow_uri or f"sqlite:///{DATA_DIR / 'mlflow.db'}"
FLEET_MLFLOW_TIMEOUT_SECONDS = ENV.mlflow_timeout_seconds
FLEET_LEAST_AGREEMENT = ENV.least_agreement
FLEET_DIGEST_DAY = ENV.digest_day
FLEET_DIGEST_HOUR = ENV.digest_hour
FLEET_SYNC_SECONDS = ENV.sync_seconds
FLEET_SWEEP_SECONDS = ENV.sweep_seconds
FLEET_MODEL = ENV.model
FLEET_MODELS_FILE = ENV.models_file
FLEET_KEYS_FILE = ENV.keys_file
FLEET_PROGRAMS_DIR = ENV.programs_dir or DATA_DIR / "programs"
FLEET_LIBRARY_DIR = Path(ENV.library_dir or DATA_DIR / "library").expanduser().resolve()
FLEET_AUTO_APPROVE = frozenset(Role(one) for one in ENV.split("auto_approve"))
FLEET_ALWAYS_ASK = frozenset(PromptKind(one) for one in ENV.split("always_ask"))
FLEET_SPEND_PER_GENERATION_USD = ENV.spend_per_generation_usd
FLEET_SPEND_PER_USER_DAY_USD = ENV.spend_per_user_day_usd
FLEET_SPEND_PER_DAY_USD = ENV.spend_per_day_usd
FLEET_GENERATIONS_AT_ONCE = ENV.generations_at_once
FLEET_STEP_SECONDS = ENV.step_seconds
FLEET_GENERATION_SECONDS = ENV.generation_seconds
FLEET_LEASE_SECONDS = ENV.lease_seconds
FLEET_STORED_ARTIFACT_BYTES = 2 * 1024 * 1024
FLEET_LIBRARY_FILE_BYTES = 2 * 1024 * 1024
SILENCED_SYSTEM_CHECKS: list[str] = []
