"""Secrets in a text, by detect-secrets, offline: nothing that is found is ever sent anywhere to be verified."""

from collections.abc import Iterator
from functools import cache
from typing import Any

_PLUGINS = [
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "IbmCloudIamDetector",
    "IbmCosHmacDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SoftlayerDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
]
# What people write where a secret would stand.
_EXAMPLES = (
    "example",
    "xxxx",
    "your-",
    "your_",
    "<",
    "${",
    "dummy",
    "placeholder",
    "changeme",
    "password@",
    "user:pass",
)


@cache
def _detectors() -> tuple[Any, ...]:
    # detect-secrets reads its settings from a global; its plugins alone need none.
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

    classes = get_mapping_from_secret_type_to_class().values()
    return tuple(found() for found in classes if found.__name__ in _PLUGINS)


def find_secrets(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line (from 1) and the kind of each thing that looks like a secret and not like an example of one.

    Kinds are those of detect-secrets (“AWS Access Key”). Detectors by randomness are left out: they mistake digests and
    sample data for secrets. Lines over 10,000 characters are looked at in their first part only.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        shown = line[:10_000]
        if not shown.strip() or any(word in shown.lower() for word in _EXAMPLES):
            continue
        for detector in _detectors():
            if any(True for _ in detector.analyze_string(shown)):
                yield number, str(detector.secret_type)
                break
