"""Settings: one file, the environment decides what differs between machines (see README.md, Settings)."""

from pathlib import Path

from readerstudy import database, env, secret, shared_storage

BASE_DIR = Path(__file__).resolve().parent.parent

# A file .env beside manage.py is read where there is one; the environment itself comes first.
ENV_FILE = env.load_file(BASE_DIR / ".env")

# All state (database, queue, files) lives in one folder, so a second instance is a second folder.
READERSTUDY_DATA = env.folder("READERSTUDY_DATA", default=BASE_DIR / "var")
READERSTUDY_DATA.mkdir(
    mode=0o750, parents=True, exist_ok=True
)  # it holds names of readers and the key of their links

DEBUG = env.flag("DJANGO_DEBUG", default=False)
SECRET_KEY = env.text("DJANGO_SECRET_KEY") or secret.load_or_create(READERSTUDY_DATA / "secret_key")
ALLOWED_HOSTS = env.words("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "generation",
    "readerstudy",
    "evaluation",
    "readerstudy.support.config.SupportConfig",  # Django's admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "readerstudy.observation.ObservationMiddleware",  # first, to time everything; leaves itself out without METRICS_TOKEN
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "readerstudy.middleware.ProbeMiddleware",  # before anything asks for the site's name
    "readerstudy.middleware.PrivateMiddleware",
    "readerstudy.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "readerstudy.middleware.SignInMiddleware",  # a new page is closed until someone opens it
    "readerstudy.middleware.DeskMessageMiddleware",
    "readerstudy.storage_middleware.SharedFilesMiddleware",  # leaves itself out without STORAGE_URL
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

# Accounts of the desk (docs/accounts.md). Administrators make them; nobody signs up.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
REQUIRE_MFA = env.flag("REQUIRE_MFA", default=False)
ACCOUNT_ADAPTER = "readerstudy.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_FORMS = {"login": "readerstudy.sign_in.SignInForm"}
ACCOUNT_USERNAME_MIN_LENGTH = 2
# An administrator vouches for the first address; a new one is confirmed by link.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = True  # one address each; the old one counts until the new one is confirmed
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # the form of forgotten passwords sends no mail to strangers
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told by e-mail
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Reader Study: "
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds after a password within which a second factor may be changed
ACCOUNT_SESSION_REMEMBER = None  # the person decides at the sign-in; otherwise it ends with the browser
ACCOUNT_SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if env.flag("DJANGO_HTTPS", default=False) else "http"
ACCOUNT_RATE_LIMITS = {  # allauth's own for the rest; "key" is what was typed as user name or address
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXIES", default=0)
MFA_ADAPTER = "readerstudy.sign_in.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up with another person's address here
MFA_TOTP_ISSUER = "Reader Study"
MFA_TOTP_TOLERANCE = 1  # steps of 30 s that a telephone's clock may be off
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24 * 3  # seconds that a link to set a password works, once

# Mail. Without a server every message is printed where the program runs.
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=EMAIL_PORT == 587)
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", default=EMAIL_PORT == 465)
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", "Reader Study <reader-study@localhost>")
EMAIL_BACKEND = (
    "readerstudy.mail.EmailBackend" if EMAIL_HOST else "django.core.mail.backends.console.EmailBackend"
)

# Counts of failed sign-ins, shared by every web process and machine. The table comes with the migrations.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "readerstudy_cache",
        # Beyond it counts are thrown away: nobody shall get there by guessing.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    # Requests of each token in this minute: counted in each web process, so that asking writes nothing.
    "requests": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "requests",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}
API_REQUESTS_PER_MINUTE = env.integer("API_REQUESTS_PER_MINUTE", default=300)  # of one token, per web process

# Cookies and headers. DJANGO_HTTPS=1 belongs on every machine that is reached over a network.
HTTPS = env.flag("DJANGO_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/(live|ready)$"]  # asked from inside, where there is no HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90  # a reader may come back after weeks
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "readerstudy.views.nowhere.csrf_failure"
X_FRAME_OPTIONS = "DENY"
# Warnings of `check --deploy` (readerstudy/checks.py) that somebody has read and lives with, by their names.
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains, and ...
    "security.W021",  # ... preloading of it are for whoever owns the whole domain to decide
    *env.words("SILENCED_CHECKS", default=[]),
]
# A page runs our own modules and nothing else: no inline script or style, no other host, no plug-in, no frame.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

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
# A bucket for the files that several machines share; without one they lie in the data folder and nowhere else.
S3 = {
    "S3_ENDPOINT_URL": env.text("S3_ENDPOINT_URL"),
    "S3_ACCESS_KEY_ID": env.text("S3_ACCESS_KEY_ID"),
    "S3_SECRET_ACCESS_KEY": env.text("S3_SECRET_ACCESS_KEY"),
    "S3_REGION": env.text("S3_REGION"),
}
STORAGES |= shared_storage.from_url(
    env.text("STORAGE_URL"),
    endpoint=S3["S3_ENDPOINT_URL"],
    access_key=S3["S3_ACCESS_KEY_ID"],
    secret_key=S3["S3_SECRET_ACCESS_KEY"],
    region=S3["S3_REGION"],
)

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
elif CELERY_BROKER_URL.startswith(("amqp", "pyamqp")):
    # A message counts as sent once RabbitMQ says that it has it.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
# RabbitMQ closes the channel of a worker that holds a message for half an hour, as every long training does (docs/deploy.md).
# The worker opens another and goes on, instead of ending as soon as its job is done.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
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

# Folders of this machine that patches may be imported from, with commas between them; empty: any.
IMPORT_ROOTS = env.words("IMPORT_ROOTS", default=[])
# The largest ZIP of patches that may be uploaded, and what it may unpack to. Other pages take small files only.
MAX_UPLOAD_MB = env.integer("MAX_UPLOAD_MB", default=2048, minimum=1)
MAX_UNPACKED_MB = env.integer("MAX_UNPACKED_MB", default=16_384, minimum=1)
FILE_UPLOAD_HANDLERS = ["generation.views.uploads.LimitedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = READERSTUDY_DATA / "uploads"  # on the disk where they stay
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)

# Device of torch in workers: "auto" takes CUDA where there is one.
TORCH_DEVICE = env.text("TORCH_DEVICE", "auto")
TORCH_THREADS = env.integer("TORCH_THREADS", default=0)  # 0: as torch decides
TORCH_GRAPH = env.flag("TORCH_GRAPH", default=True)  # on CUDA, record a training's step once and replay it
INCEPTION_WEIGHTS = env.text(
    "INCEPTION_WEIGHTS"
)  # path of pt_inception-2015-12-05-6726825d.pth; empty: what `fetch_inception` fetched, if it did
# Path of an encoder (.onnx or TorchScript) to score generators with. Loading TorchScript runs code from the file.
OWN_EXTRACTOR = env.text("OWN_EXTRACTOR")
# Called with the primary key of every checkpoint that a training saves; a training does not know what it is for.
AFTER_CHECKPOINT = "evaluation.jobs.curves.follow"
# Called with the primary key of every patch set that was sampled.
AFTER_SAMPLING = "readerstudy.services.pool_offers.follow"

# Whoever holds it may read /metrics; without one there is no such page and nothing is counted.
METRICS_TOKEN = env.text("METRICS_TOKEN")
# Processes of the web server behind `make serve`; 0: one per processor, 2 to 8.
WEB_WORKERS = env.integer("WEB_WORKERS", default=0)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "readerstudy.logs.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "json": {
            "()": "readerstudy.logs.JsonLineFormatter",
            "format": "{asctime}{levelname}{name}{message}",
            "style": "{",
            "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.one_of("LOG_FORMAT", ("line", "json"), default="line"),
        }
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}
