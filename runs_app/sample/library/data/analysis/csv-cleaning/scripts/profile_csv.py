"""Say what is in a CSV file: encoding, delimiter, and for each column its values, gaps and types."""

import csv
import re
import sys
from collections import Counter

KINDS = (
    ("whole number", re.compile(r"[-+]?\d+")),
    ("number", re.compile(r"[-+]?[\d.,]*\d")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}")),
)


def kind_of(text):
    return next((name for name, pattern in KINDS if pattern.fullmatch(text)), "text")


def read(path):
    """Return the rows, the encoding and the delimiter; UTF-8 first, Latin-1 as the one that never fails."""
    data = open(path, "rb").read()
    for encoding in ("utf-8-sig", "latin-1"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    delimiter = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|").delimiter
    return list(csv.reader(text.splitlines(), delimiter=delimiter)), encoding, delimiter


if __name__ == "__main__":
    rows, encoding, delimiter = read(sys.argv[1])
    names, rows = rows[0], rows[1:]
    out = sys.stdout
    out.write(f"{len(rows):,} rows, {len(names)} columns, {encoding}, delimiter {delimiter!r}\n")
    uneven = Counter(len(row) for row in rows if len(row) != len(names))
    for width, times in uneven.items():
        out.write(f"  {times:,} rows have {width} fields\n")
    for number, name in enumerate(names):
        values = [row[number].strip() for row in rows if number < len(row)]
        filled = [value for value in values if value]
        kinds = Counter(kind_of(value) for value in filled)
        shown = ", ".join(f"{kind} {times:,}" for kind, times in kinds.most_common())
        examples = " | ".join(list(dict.fromkeys(filled))[:3])
        out.write(f"{name:24} {len(values) - len(filled):>7,} empty {len(set(filled)):>7,} distinct  {shown}  {examples}\n")
