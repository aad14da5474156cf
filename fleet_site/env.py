"""What the environment says: one typed object, read once, before anything heavy is imported."""

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

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
    mlflow_uri: str = ""
    behind_tls_proxy: bool = False
    sync_seconds: int = Field(default=10, ge=2, description="seconds between two looks at each source")
    sweep_seconds: int = Field(default=3600, ge=60, description="seconds between two full sweeps of a source")
    mlflow_timeout_seconds: int = Field(default=20, ge=1)
    time_zone: str = "UTC"
    log_level: str = "INFO"
    log_json: bool = False

    def split(self, name: str) -> list[str]:
        """Return a comma-separated setting as a list without blanks."""
        return [part.strip() for part in str(getattr(self, name)).split(",") if part.strip()]


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
