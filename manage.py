#!/usr/bin/env python
"""Run an administrative command of Skill Fleet."""

import os
import sys


def main() -> None:
    """Hand the command line to Django; what needs no Django is run without it."""
    if sys.argv[1:2] == ["validate"]:
        from skills_app.management.validating import main as validate

        sys.exit(validate(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
