"""A document of our own that does a little of everything, for ablations and golden values."""

DOCUMENT = """---
name: csv-cleanup
description: Repairs broken CSV exports from spreadsheets. Use this when a CSV fails to load, or columns shift.
---

# CSV cleanup

Exports from spreadsheets break in a few known ways.

## Situations this suits

- Loading an export fails with a parse error.
- Columns shift after a line that holds a comma.

Leave it alone for files larger than memory: it is not meant for them.

## How to go about it

1. Copy the file before you touch it, because repairs cannot be undone.
2. Detect the dialect with the script.
3. Repair the quoting.

Never guess an encoding. To keep the original dates, load every column as text.

**Wrong:** splitting each line at its commas.

```python
# wrong
rows = [line.split(",") for line in open(path)]
```

**Right:** let a parser do it.

```python
import csv
rows = list(csv.reader(open(path, newline="")))
```

## Afterwards

Verify that every row has as many cells as the header.

- [ ] Run `python scripts/check_rows.py out.csv`

If the dialect is not found, read [the list of dialects](references/dialects.md).
"""
