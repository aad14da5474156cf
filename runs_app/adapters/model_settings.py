"""What models this site may ask: the configuration file, the keys, the saved programs. Read anew each time: files change."""

import os
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from runs_app.domain.errors import ModelConfigError, ProgramUnreadable
from runs_app.domain.model_config import ModelConfig, read_model_config
from runs_app.domain.programs import Program, read_program
from runs_app.domain.rehearsal import NAME as REHEARSAL

LARGEST_FILE_BYTES = 20_000_000


def model_config() -> ModelConfig:
    """Return the configuration of ``FLEET_MODELS_FILE``, or one model for all tasks: ``FLEET_MODEL``, or the rehearsal.

    Raises:
        ModelConfigError: the file cannot be read or used.
    """
    path: Path | None = settings.FLEET_MODELS_FILE
    if path is None:
        return ModelConfig(settings.FLEET_MODEL or REHEARSAL, {})
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelConfigError(
            (("FLEET_MODELS_FILE", f"{path} cannot be read: {error}. Mend the setting."),)
        ) from error
    return read_model_config(text)


def model_names() -> tuple[str, ...]:
    """Return the models that can be chosen: those of the file, or the one of the settings; the default is first."""
    config = model_config()
    return tuple(dict.fromkeys([config.default, *config.registry]))


def model_environment() -> Mapping[str, str]:
    """Return the variables that hold keys: the environment, then ``NAME_FILE`` files, then lines of ``FLEET_KEYS_FILE``.

    Raises:
        ModelConfigError: a file that is named cannot be read; its content is never in the message.
    """
    found = dict(os.environ)
    for name, path in os.environ.items():
        if name.endswith("_API_KEY_FILE") and path:
            found[name.removesuffix("_FILE")] = _secret(name, Path(path)).strip()
    keys: Path | None = settings.FLEET_KEYS_FILE
    if keys is not None:
        for line in _secret("FLEET_KEYS_FILE", keys).splitlines():
            name, is_pair, value = line.strip().removeprefix("export ").partition("=")
            if is_pair and name and not name.startswith("#"):
                found[name.strip()] = value.strip().strip("'\"")
    return found


def program_names() -> tuple[str, ...]:
    """Return the names of the saved programs: the JSON files in the folder of programs, without their ending."""
    folder: Path = settings.FLEET_PROGRAMS_DIR
    return tuple(sorted(path.stem for path in folder.glob("*.json"))) if folder.is_dir() else ()


def load_program(name: str) -> Program:
    """Return the saved program ``name`` of the folder of programs, or of a path that ends in ``.json``.

    Raises:
        ProgramUnreadable: there is none, or it cannot be read.
    """
    path = Path(name) if name.endswith(".json") else settings.FLEET_PROGRAMS_DIR / f"{name}.json"
    if not name.endswith(".json") and name not in program_names():
        known = ", ".join(program_names()) or "none"
        raise ProgramUnreadable(f"There is no program “{name}”; there are: {known}.")
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise ProgramUnreadable(f"{path} is larger than {LARGEST_FILE_BYTES:,} bytes.")
        return read_program(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ProgramUnreadable(f"{path} cannot be read: {error}.") from error


def _secret(setting: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelConfigError(
            ((setting, f"{path} cannot be read ({type(error).__name__}). Mend the setting."),)
        ) from error
