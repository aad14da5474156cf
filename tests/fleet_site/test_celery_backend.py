"""What a worker knows before it forks its pool."""


def test_the_backend_is_known_to_the_thread_that_forks_the_pool() -> None:
    from fleet_site.celery import app, know_backend

    vars(app._local).pop("backend", None)
    know_backend()

    assert "backend" in vars(app._local)
