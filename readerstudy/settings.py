"""Settings: one file, the environment decides what differs between machines (see README.md, Settings)."""

from pathlib import Path

from readerstudy import database, env, secret

BASE_DIR = Path(__file__).resolve().parent.parent

# All state (database, queue, files) lives in one folder, so a second instance is a second folder.
READERSTUDY_DATA = env.folder("READERSTUDY_DATA", default=BASE_DIR / "var")
READERSTUDY_DATA.mkdir(parents=True, exist_ok=True)

DEBUG = env.flag("DJANGO_DEBUG", default=False)
SECRET_KEY = env.text("DJANGO_SECRET_KEY") or secret.load_or_create(READERSTUDY_DATA / "secret_key")
ALLOWED_HOSTS = env.words("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "generation",
    "readerstudy",
    "evaluation",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "readerstudy.middleware.SignInMiddleware",  # a new page is closed until someone opens it
    "readerstudy.middleware.DeskMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "readerstudy.urls"
WSGI_APPLICATION = "readerstudy.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database.from_url(env.text("DATABASE_URL"), data=READERSTUDY_DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "desk"
LOGOUT_REDIRECT_URL = "login"

# Cookies and headers. DJANGO_HTTPS=1 belongs on every machine that is reached over a network.
HTTPS = env.flag("DJANGO_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90  # a reader may come back after weeks
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "readerstudy.views.nowhere.csrf_failure"
X_FRAME_OPTIONS = "DENY"

# The reading room speaks these; the desk is in English. See views/language.py and .ci/messages.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "reading_language"
LANGUAGE_COOKIE_AGE = SESSION_COOKIE_AGE
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = env.text("TZ_NAME", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = READERSTUDY_DATA / "staticfiles"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": READERSTUDY_DATA / "files"},
    },
    "staticfiles": {"BACKEND": "readerstudy.static_storage.StaticStorage"},
}

# Task queue. The default needs no server: messages are files below READERSTUDY_DATA.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://")
QUEUE_FOLDER = READERSTUDY_DATA / "queue"
if CELERY_BROKER_URL.startswith("filesystem://"):
    CELERY_BROKER_URL = "filesystem://localhost//"  # kombu warns about a missing host
    for _part in ("messages", "control"):
        (QUEUE_FOLDER / _part).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_FOLDER / "messages"),
        "data_folder_out": str(QUEUE_FOLDER / "messages"),
        "control_folder": str(QUEUE_FOLDER / "control"),
        "polling_interval": 0.3,  # seconds between looks at the folder
    }
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "generation.train": {"queue": "gpu"},
    "generation.sample": {"queue": "gpu"},
    "evaluation.*": {"queue": "default"},
}
CELERY_TASK_IGNORE_RESULT = True  # the rows of the database say what became of a task
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE

# Device of torch in workers: "auto" takes CUDA where there is one.
TORCH_DEVICE = env.text("TORCH_DEVICE", "auto")
TORCH_THREADS = env.integer("TORCH_THREADS", default=0)  # 0: as torch decides
INCEPTION_WEIGHTS = env.text(
    "INCEPTION_WEIGHTS"
)  # path of pt_inception-2015-12-05-6726825d.pth; empty: what `fetch_inception` fetched, if it did
# Path of an encoder (.onnx or TorchScript) to score generators with. Loading TorchScript runs code from the file.
OWN_EXTRACTOR = env.text("OWN_EXTRACTOR")
# Called with the primary key of every checkpoint that a training saves; a training does not know what it is for.
AFTER_CHECKPOINT = "evaluation.jobs.curves.follow"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}
