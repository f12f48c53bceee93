"""Settings of Duban, read from the environment once.

Two ways to run: embedded (DEBUG off or on, SQLite and mail files under DUBAN_HOME/var, a private Redis)
and production (DUBAN_ENV=production, PostgreSQL, Redis and SMTP given by address). Nothing here differs
between the two but the values below; production refuses unsafe ones in tracker/checks.py.
"""

from datetime import date
from pathlib import Path

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DUBAN_ENV = env("DUBAN_ENV", default="embedded")
if DUBAN_ENV not in ("embedded", "production"):  # a slip of the pen would leave every safeguard off
    raise ImproperlyConfigured(f"DUBAN_ENV={DUBAN_ENV} 无效：只能写 embedded 或 production。")
PRODUCTION = DUBAN_ENV == "production"
DEBUG = env.bool("DEBUG", default=False)
INSECURE_SECRET_KEY = "embedded-default-not-for-production-use-0123456789-abcdefghij"
SECRET_KEY = env("SECRET_KEY", default=INSECURE_SECRET_KEY)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# DUBAN_HOME is where var/ lives: database, mail files, uploaded evidence, process files.
HOME_DIR = Path(env("DUBAN_HOME", default=str(BASE_DIR))).resolve()
VAR_DIR = HOME_DIR / "var"

# The one password of the demo's accounts. Production refuses to start while such an account exists.
DEMO_PASSWORD = "duban-demo-2024"

# The demo's date. Unset in real use: then the real date in Asia/Shanghai rules (accounts/clock.py).
DUBAN_TODAY: date | None = date.fromisoformat(env("DUBAN_TODAY")) if env("DUBAN_TODAY", default="") else None

INSTALLED_APPS = [
    "accounts",
    "tracker",
    "notifications",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",
    "import_export",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tracker.language.choose_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.keep_session",
    "accounts.middleware.lead_whole_page",
    "accounts.middleware.RequireSignIn",
    "accounts.middleware.RequireOwnPassword",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "tracker.urls"
WSGI_APPLICATION = "tracker.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tracker.context.page",
                "notifications.context.reminders",
            ],
        },
    },
]

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'duban.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    # WAL lets readers go on while one writes; IMMEDIATE takes the write lock at BEGIN, so that two
    # writers wait for each other instead of failing half-way through.
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A job is acknowledged late and may run twice: what it does is guarded by rows in the database, so a broker
# that loses everything costs one period, never a message.
REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis for as long as it takes
# Seconds; longer than any job may take, or Redis hands a job that still runs to a second worker. No results
# are kept, so there is no second place that would have to say the same.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 5,  # a page that queues a job does not wait for a host that is away
}
if env("REDIS_SENTINEL_MASTER", default=""):
    CELERY_BROKER_TRANSPORT_OPTIONS["master_name"] = env("REDIS_SENTINEL_MASTER")
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 1500
CELERY_TASK_TIME_LIMIT = 1800
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# How many seconds a job of mails may take. It begins no mail after half of that (notifications/actions/
# delivery.py), is told to stop after it, and killed after half as long again; after twice as long its claims
# lapse and another worker takes the mails.
DELIVERY_SECONDS = env.int("DELIVERY_SECONDS", default=300)
# How many seconds the reading of one plan may take, with limits and a claim as those of a mail.
READ_SECONDS = env.int("READ_SECONDS", default=300)
# A long list of mails never holds up the deciding, nor the other way round, where each has a worker of its
# own (worker --queues); no more does the file of a plan. A worker that is told nothing takes from all.
CELERY_TASK_QUEUES = [Queue("decide"), Queue("deliver"), Queue("read"), Queue("sheets")]
CELERY_TASK_DEFAULT_QUEUE = "decide"
CELERY_TASK_ROUTES = {
    "tracker.jobs.make_due_tasks": {"queue": "decide"},
    "tracker.jobs.read_due": {"queue": "decide"},
    "tracker.jobs.read_plan": {"queue": "read"},
    "tracker.jobs.sweep_sheet_jobs": {"queue": "decide"},
    "tracker.jobs.run_sheet_job": {"queue": "sheets"},
    "notifications.jobs.run_reminders": {"queue": "decide"},
    "notifications.jobs.deliver_due": {"queue": "decide"},
    "notifications.jobs.post_due": {"queue": "decide"},
    "notifications.jobs.post_delivery": {"queue": "deliver"},
    "notifications.jobs.deliver_messages": {"queue": "deliver"},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
# Each expires before the next falls due, so that a worker that was away does not work off a pile.
CELERY_BEAT_SCHEDULE = {
    "make-due-tasks": {
        "task": "tracker.jobs.make_due_tasks",
        # Before the first reminders of the day, and again each hour: what an outage left out is made up for.
        "schedule": crontab(minute="30", hour="6-20"),
        "options": {"expires": 50 * 60},
    },
    "sweep-sheet-jobs": {
        "task": "tracker.jobs.sweep_sheet_jobs",
        "schedule": crontab(minute="*/10"),
        "options": {"expires": 9 * 60},
    },
    "read-due": {
        "task": "tracker.jobs.read_due",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 4 * 60},
    },
    "run-reminders": {
        "task": "notifications.jobs.run_reminders",
        # Every hour of the day, not of the night: nobody is written to at five past midnight.
        "schedule": crontab(minute="5", hour="7-20"),
        "options": {"expires": 50 * 60},
    },
    "deliver-due": {
        "task": "notifications.jobs.deliver_due",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 4 * 60},
    },
    "post-due": {
        "task": "notifications.jobs.post_due",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 4 * 60},
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "accounts.addresses.client_address"
AXES_LOCKOUT_TEMPLATE = "lockout.html"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "tracker" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Evidence: no address leads there, only a view that checks who asks; nginx must not serve var/ either.
MEDIA_ROOT = VAR_DIR / "evidence"
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750
EVIDENCE_FILE_LIMIT = 50 * 1024 * 1024  # bytes
EVIDENCE_FILES_PER_REPORT = 10
# Bytes of a plan's file; of one that is text, of a web page or pasted; of such a one that is read at once.
PLAN_UPLOAD_LIMIT = 20 * 1024 * 1024
PLAN_TEXT_LIMIT = 5 * 1024 * 1024
PLAN_AT_ONCE_LIMIT = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = PLAN_TEXT_LIMIT + 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
LEDGER_UPLOAD_LIMIT = 28 * 1024 * 1024  # bytes; an Excel file of tasks (deploy/nginx.conf lets 30 MB through)
SHEET_UPLOAD_LIMIT = 1024 * 1024  # bytes; an Excel file of people or units

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
# A session ends so many minutes after the last page, or with the browser. The browser keeps the cookie of one
# that ended here, by which the sign-in page knows what to say (accounts/middleware.py).
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=120)
SESSION_COOKIE_AGE = SESSION_IDLE_MINUTES * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
    }
}
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = env.bool("HTTPS", default=True)
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31536000 if SESSION_COOKIE_SECURE else 0)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SESSION_COOKIE_SECURE
    # Asked on this machine, past nginx and its certificate.
    SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics/$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Who may read /metrics/: these addresses, and whoever sends "Authorization: Bearer" with the token.
METRICS_ADDRESSES: list[str] = env.list("METRICS_ADDRESSES", default=["127.0.0.1", "::1"])
METRICS_TOKEN = env("METRICS_TOKEN", default="")

# How many requests a token of the API may make in a minute.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=120)

# Mail: embedded writes files that the application itself shows; production gives EMAIL_URL.
MAIL_DIR = VAR_DIR / "mail"
if env("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(MAIL_DIR)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="督办台账 <duban@localhost>")
SITE_URL = env("SITE_URL", default=f"http://127.0.0.1:{env('PORT', default='8000')}")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
}
