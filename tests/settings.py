"""Settings of the tests: the project's own, with state in a throw-away folder and tasks run at once."""

import atexit
import os
import shutil
import tempfile

if "READERSTUDY_DATA" not in os.environ or os.environ.get("PYTEST_XDIST_WORKER"):
    _folder = tempfile.mkdtemp(prefix="readerstudy-tests-")
    os.environ["READERSTUDY_DATA"] = _folder
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)

from readerstudy.settings import *  # noqa: F403

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # speed only; no real password is ever hashed here
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, because threads that share an in-memory database meet locks that no real one has.
    DATABASES["default"]["TEST"] = {"NAME": str(READERSTUDY_DATA / "test.sqlite3")}  # noqa: F405
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - WhiteNoise warns where nothing was collected yet
