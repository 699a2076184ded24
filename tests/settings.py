"""The product's own settings on a throw-away folder, and what tests need otherwise.

`UNDERSTREAM_TEST_DATABASE` is the address of a PostgreSQL server to test on; SQLite without it.
"""

import atexit
import os
import shutil
import tempfile
import warnings
from pathlib import Path

_BEFORE = {
    name: value
    for name, value in os.environ.items()
    if name.startswith("UNDERSTREAM_") or name in ("HOST", "PORT")
}
for _name in _BEFORE:
    if not _name.startswith(("UNDERSTREAM_TEST_", "UNDERSTREAM_SHARED", "UNDERSTREAM_SHOTS")):
        del os.environ[_name]

_FOLDER = Path(tempfile.mkdtemp(prefix="understream-test-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
# Commands that tests start inherit this, so that nothing touches a real world.
os.environ["UNDERSTREAM_DATA"] = str(_FOLDER)
if os.environ.get("UNDERSTREAM_TEST_DATABASE"):
    os.environ["UNDERSTREAM_DATABASE_URL"] = os.environ["UNDERSTREAM_TEST_DATABASE"]

from understream.site.settings import *  # noqa: E402, F403 - all of them, as a deployment has them
from understream.site.settings import DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
# Quick; the real ones have a test of their own.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # A file, not memory: threads of a test must meet the locks that people's would.
    DATABASES["default"]["TEST"] = {"NAME": str(_FOLDER / "test.sqlite3")}
    DATABASES["default"]["CONN_MAX_AGE"] = 0
warnings.filterwarnings("ignore", "No directory at")
