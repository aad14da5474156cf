"""Fingerprints: whether a record is the one we already have."""

from hashlib import blake2b, sha256

from runs_app.domain.records import RunRecord


def run_digest(record: RunRecord) -> str:
    """Return 32 hexadecimal characters that change with any field, param, tag or latest metric of ``record``.

    BLAKE2b over the representation of all fields, maps sorted by key, so that the order of a source does not matter.
    """
    text = repr(
        (
            record.run_id,
            record.experiment_id,
            record.name,
            record.status.value,
            record.lifecycle_stage,
            record.user,
            record.started_at_ms,
            record.ended_at_ms,
            record.artifact_uri,
            sorted(record.params.items()),
            sorted(record.tags.items()),
            sorted(
                [(point.key, repr(point.value), point.step, point.timestamp_ms) for point in record.metrics]
            ),
        )
    )
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def content_digest(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hexadecimal."""
    return sha256(data).hexdigest()
