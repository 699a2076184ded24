"""Everything that can be set, and everything that is fixed, in the order in which it is read.

What can be set comes from the environment (docs/settings.md) and is refused here when it is
nonsense; what would weaken privacy or durability is refused by `understream.site.preflight`.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from understream.site import environment

PACKAGE = Path(__file__).parents[1]
CHECKOUT = PACKAGE.parents[1]

# ------------------------------------------------------------------ what can be set
HOST = environment.text("HOST", "127.0.0.1")
PORT = environment.number("PORT", 8000, least=1, most=65535)
DATA = environment.data_folder(
    "UNDERSTREAM_DATA",
    CHECKOUT / "var" if (CHECKOUT / "pyproject.toml").exists() else Path("~/.understream"),
)
DEBUG = environment.flag("UNDERSTREAM_DEBUG")
SECRET_KEY = environment.kept_secret("UNDERSTREAM_SECRET", DATA)
DATABASES = {"default": environment.database("UNDERSTREAM_DATABASE_URL", DATA)}
UNDERSTREAM_URL = environment.address(
    "UNDERSTREAM_URL",
    f"http://{'127.0.0.1' if HOST in ('0.0.0.0', '::') else environment.in_brackets(HOST)}:{PORT}",  # noqa: S104 - compared, not bound
)
UNDERSTREAM_PROXY = environment.words("UNDERSTREAM_PROXY")
UNDERSTREAM_HOST_NAME = environment.text("UNDERSTREAM_HOST_NAME")
UNDERSTREAM_REDIS = environment.redis("UNDERSTREAM_REDIS")
UNDERSTREAM_K = environment.number("UNDERSTREAM_K", 5, least=0, most=1000)
UNDERSTREAM_LOG = environment.choice("UNDERSTREAM_LOG", "text", ("text", "json"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.text(
    "UNDERSTREAM_MAIL_FROM", "understream@localhost"
)
_URL = urlsplit(UNDERSTREAM_URL)
ALLOWED_HOSTS = environment.words(
    "UNDERSTREAM_HOSTS",
    ("127.0.0.1", "localhost", "[::1]", environment.in_brackets(_URL.hostname or "localhost")),
)
vars().update(environment.mail("UNDERSTREAM_MAIL"))
environment.text("UNDERSTREAM_TRACE")  # read by the console, before there are settings
environment.settle()

# ------------------------------------------------------------------ what is installed
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "django_cotton.apps.SimpleAppConfig",
    "understream.records",
]
MIDDLEWARE = [
    "understream.web.csp.Guard",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "understream.web.language.Language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "understream.web.errors.Errors",
]
ROOT_URLCONF = "understream.web.urls"
WSGI_APPLICATION = "understream.site.wsgi.application"
ASGI_APPLICATION = "understream.site.asgi:application"
UNDERSTREAM_PREFLIGHT = "understream.site.preflight.faults"
"""What serving asks first; named here because the console stands on a lower floor."""

# ------------------------------------------------------------------ people and their sessions
AUTH_USER_MODEL = "records.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
    )
]
ACCOUNT_ADAPTER = "understream.web.account.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/m/ip,8/5m/key",
    "reset_password": "30/m/ip,5/m/key",
    "reset_password_from_key": "30/m/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
"""Many sit behind one address in a workshop, so the tight limits are those of one account."""
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/alliances/"

_SECURE = _URL.scheme == "https"
_PREFIX = "__Host-" if _SECURE else ""
SESSION_ENGINE = "understream.site.session"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_NAME = f"{_PREFIX}session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _SECURE
CSRF_COOKIE_NAME = f"{_PREFIX}csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _SECURE
CSRF_FAILURE_VIEW = "understream.web.errors.refused_form"
CSRF_TRUSTED_ORIGINS = [UNDERSTREAM_URL]
LANGUAGE_COOKIE_NAME = f"{_PREFIX}language"
LANGUAGE_COOKIE_SECURE = _SECURE
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# ------------------------------------------------------------------ pages
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "understream.web.words"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
COTTON_DIR = "components"
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# ------------------------------------------------------------------ languages, time, keys
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGES = [("en", "English"), ("nl", "Nederlands")]
LANGUAGE_CODE = "en"
LOCALE_PATHS = [PACKAGE / "locale"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ------------------------------------------------------------------ logs
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"event": {"()": "understream.site.log.Formatter", "shape": UNDERSTREAM_LOG}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "event"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "understream": {"level": "INFO"},
        # Django tells of pages not found by their address, which can hold a personal link.
        "django": {"handlers": [], "level": "ERROR", "propagate": True},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        # Every try to connect; that it failed is told by whoever needed the connection.
        "psycopg.pool": {"level": "ERROR"},
    },
}
