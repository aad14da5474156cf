"""Match invoice lines with order and receipt lines: one verdict a line."""

import csv
import sys
from collections import defaultdict

SHARE, AMOUNT = 0.02, 50.0


def read(path):
    with open(path, encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def verdict(invoice, order, received):
    if order is None:
        return "no order"
    if not received:
        return "no receipt"
    if float(invoice["quantity"]) > received:
        return "quantity"
    asked, agreed = float(invoice["price"]), float(order["price"])
    if abs(asked - agreed) > min(agreed * SHARE, AMOUNT):
        return "price"
    return "match"


if __name__ == "__main__":
    orders = {(row["order"], row["item"]): row for row in read(sys.argv[1])}
    received = defaultdict(float)
    for row in read(sys.argv[2]):
        received[row["order"], row["item"]] += float(row["quantity"])
    seen, out = set(), csv.writer(sys.stdout)
    for row in read(sys.argv[3]):
        key = (row["order"], row["item"])
        same = (row["supplier"], row["item"], row["price"], row["quantity"])
        out.writerow([row["invoice"], *key, "double" if same in seen else verdict(row, orders.get(key), received[key])])
        seen.add(same)
