"""Build the icon sprite from an unpacked package of Tabler Icons."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

SVG = "http://www.w3.org/2000/svg"


def symbol(name: str, svg: str) -> str:
    """Return one ``<symbol id=name>`` with the shapes of ``svg``, without its invisible bounding box.

    Raises:
        xml.etree.ElementTree.ParseError: the file is not XML.
    """
    shapes = []
    for element in ElementTree.fromstring(svg):  # noqa: S314 - a file that a maintainer unpacked
        if element.get("stroke") == "none" and element.get("fill", "none") == "none":
            continue
        tag = element.tag.removeprefix(f"{{{SVG}}}")
        attributes = "".join(f' {key}="{value}"' for key, value in element.attrib.items())
        shapes.append(f"<{tag}{attributes}/>")
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round">{"".join(shapes)}</symbol>'
    )


class Command(BaseCommand):
    """Write ``static/img/icons.svg`` from ``static/img/icons.json`` and the package's ``icons/outline`` folder."""

    help = "Build static/img/icons.svg from an unpacked @tabler/icons package."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "package", type=Path, help="the unpacked package folder, with icons/outline inside"
        )

    def handle(self, *args: Any, package: Path, **options: Any) -> None:
        folder = settings.BASE_DIR / "static" / "img"
        names: dict[str, str] = json.loads((folder / "icons.json").read_text("utf-8"))["icons"]
        symbols = []
        for name, drawn_by in names.items():
            if not re.fullmatch(r"[a-z0-9-]+", name):
                raise CommandError(f"The icon name {name!r} may have only small letters, digits and hyphens.")
            path = package / "icons" / "outline" / f"{drawn_by}.svg"
            if not path.is_file():
                raise CommandError(f"{path} does not exist: correct {drawn_by!r} in static/img/icons.json.")
            symbols.append(symbol(name, path.read_text("utf-8")))
        lines = "\n".join(symbols)
        (folder / "icons.svg").write_text(f'<svg xmlns="{SVG}">\n{lines}\n</svg>\n', "utf-8")
        self.stdout.write(f"{len(symbols)} icons written.")
