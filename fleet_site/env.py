"""What the environment says: one typed object, read once, before anything heavy is imported."""

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runs_app.domain.prompts import PromptKind
from skills_app.domain.enums import Role

BASE_DIR = Path(__file__).resolve().parent.parent

# Several dependencies look things up on the internet when they are imported or first called.
# Each of these switches one of them off; all must be set before the library is imported.
OFFLINE_SWITCHES = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


class Env(BaseSettings):
    """Settings from the environment and ``.env``; each name is given in ``.env.example``."""

    model_config = SettingsConfigDict(
        env_prefix="FLEET_",
        env_file=None if os.environ.get("FLEET_IGNORE_ENV_FILE") else BASE_DIR / ".env",
        extra="ignore",
    )

    env: Literal["local", "production"] = "local"
    data_dir: Path = BASE_DIR / "data"
    debug: bool = False
    secret_key: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    allowed_hosts: str = "localhost,127.0.0.1,[::1],testserver"
    csrf_trusted_origins: str = ""
    database_url: str = ""
    broker_url: str = ""
    queue: str = Field(default="fleet", description="the queue's name, where several sites share a broker")
    mlflow_uri: str = ""
    model: str = Field(default="", description="the model of every task, as LiteLLM names it")
    models_file: Path | None = Field(default=None, description="the configuration of models, as YAML")
    keys_file: Path | None = Field(default=None, description="lines of NAME=key for the models")
    programs_dir: Path | None = None
    library_dir: str = Field(default="", description="the folder that skills are published to")
    auto_approve: str = Field(
        default="launcher,reviewer,curator,manager", description="roles that may leave people's steps out"
    )
    always_ask: str = Field(default="", description="people's steps that nobody may leave out")
    spend_per_generation_usd: float | None = Field(default=None, gt=0)
    spend_per_user_day_usd: float | None = Field(default=None, gt=0)
    spend_per_day_usd: float | None = Field(default=None, gt=0)
    generations_at_once: int = Field(default=8, ge=1, le=200, description="in one worker process")
    step_seconds: float = Field(default=300, gt=0, description="the longest that one step may take")
    generation_seconds: float = Field(
        default=3600, gt=0, description="the longest that a generation may work"
    )
    lease_seconds: int = Field(
        default=30, ge=2, description="until a worker that is silent has lost its work"
    )
    least_agreement: float = Field(
        default=0.7, ge=0, le=1, description="with reviewers, for a score to keep a gate shut; 0: any will do"
    )
    behind_tls_proxy: bool = False
    sync_seconds: int = Field(default=10, ge=2, description="seconds between two looks at each source")
    sweep_seconds: int = Field(default=3600, ge=60, description="seconds between two full sweeps of a source")
    mlflow_timeout_seconds: int = Field(default=20, ge=1)
    time_zone: str = "UTC"
    site_url: str = Field(default="", description="the address of the site, as mails give it")
    mail_host: str = Field(
        default="", description="the mail server; without one, mails are written to the log"
    )
    mail_port: int = Field(default=25, ge=1, le=65535)
    mail_user: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_tls: bool = False
    mail_from: str = "skill-fleet@localhost"
    digest_day: Literal["never", "mon", "tue", "wed", "thu", "fri", "sat", "sun"] = Field(
        default="mon", description="the day on which managers get the week by mail"
    )
    digest_hour: int = Field(default=7, ge=0, le=23, description="in the site's time zone")
    log_level: str = "INFO"
    log_json: bool = False

    @field_validator("auto_approve", "always_ask")
    @classmethod
    def _is_known(cls, value: str, info: ValidationInfo) -> str:
        """Refuse a role or a step that does not exist: a policy with a slip would hold nobody back."""
        known = [*Role] if info.field_name == "auto_approve" else [*PromptKind]
        unknown = [part for part in _parts(value) if part not in known]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is not known; there are: {', '.join(known)}.")
        return value

    def split(self, name: str) -> list[str]:
        """Return a comma-separated setting as a list without blanks."""
        return _parts(str(getattr(self, name)))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def read_env() -> Env:
    """Read the environment, make the data folder, and switch off every call home.

    Raises:
        pydantic.ValidationError: a variable has a value of the wrong type; the message names it.
    """
    for name, value in OFFLINE_SWITCHES.items():
        os.environ.setdefault(name, value)
    env = Env()
    env.data_dir = env.data_dir.expanduser().resolve()
    env.data_dir.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DSPY_CACHEDIR", str(env.data_dir / "dspy_cache"))
    os.environ.setdefault("MPLCONFIGDIR", str(env.data_dir / "cache"))
    return env


def secret_key(env: Env) -> str:
    """Return the configured key, or one that is made on the first start and kept in the data folder.

    Raises:
        ValueError: production was asked for without ``FLEET_SECRET_KEY``.
    """
    if env.secret_key is not None:
        return env.secret_key.get_secret_value()
    if env.env == "production":
        raise ValueError("Set FLEET_SECRET_KEY: production does not start with a generated key.")
    path = env.data_dir / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(key)
    return key
