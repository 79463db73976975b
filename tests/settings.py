"""Settings of the tests: the project's own, with state in a throw-away folder and tasks run at once."""

import atexit
import os
import secrets
import shutil
import tempfile

if "READERSTUDY_DATA" not in os.environ or os.environ.get("PYTEST_XDIST_WORKER"):
    _folder = tempfile.mkdtemp(prefix="readerstudy-tests-")
    os.environ["READERSTUDY_DATA"] = _folder
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ["READERSTUDY_ENV_FILE"] = ""  # what lies in this folder is for the instance, not for its tests

from readerstudy.settings import *  # noqa: F403

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # speed only; no real password is ever hashed here
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TEST_DATABASE = env.one_of("TEST_DATABASE", ("sqlite", "postgresql"), default="sqlite")  # noqa: F405
if TEST_DATABASE == "postgresql":
    DATABASES = {"default": database.from_url(POSTGRESQL, data=READERSTUDY_DATA)}  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": f"readerstudy_test_{secrets.token_hex(6)}"}
    # No power cut has to be survived here.
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
else:
    # A file, because threads that share an in-memory database meet locks that no real one has.
    DATABASES = {"default": database.sqlite(READERSTUDY_DATA / "db.sqlite3")}  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": str(READERSTUDY_DATA / "test.sqlite3")}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - WhiteNoise warns where nothing was collected yet
