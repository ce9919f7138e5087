#!/usr/bin/env python3
"""What a settlement of these orders must come to, calculated a second time and independently.

Reads orders.csv, payments.csv and sellers.csv of a folder, applies one contract to every seller, and prints JSON:
the net of every seller, every statement, the totals and the breaks. All amounts are whole minor units. Only the
standard library is used, and nothing of the platform's code.

  expected.py DIR --holidays FILE --country BR --rate-ppm 120000 --cycle monthly --payout-days 3
  expected.py DIR ... --change 2018-01-01:150000      another rate for sales from that day on; may be repeated
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

WHOLE = 1_000_000  # parts per million


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def minor(text, decimals):
    """The exact count of minor units; a text with more decimals than the currency has is an error."""
    scaled = Decimal(text).scaleb(decimals)
    units = int(scaled)
    if scaled != units:
        raise ValueError(f"{text} has more than {decimals} decimals")
    return units


def instant(text, zone):
    """The instant of a local time; the earlier one where it happened twice, an error where it never did."""
    local = datetime.fromisoformat(text).replace(tzinfo=zone)
    at = local.astimezone(timezone.utc)
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(f"{text} never happened in {zone}")
    return at


def read_orders(folder, zone, decimals):
    """Order id -> its lines, each with the day of its own sale and the day of the order's, the earliest of its lines."""
    orders = defaultdict(list)
    for row in rows(folder / "orders.csv"):
        orders[row["order_id"]].append(
            {
                "line": int(row["line"]),
                "seller": row["seller_id"],
                "sold_at": instant(row["sold_at"], zone),
                "price": minor(row["price"], decimals),
                "freight": minor(row["freight"], decimals),
            }
        )
    for lines in orders.values():
        first = min(line["sold_at"] for line in lines)
        for line in lines:
            line["line_day"] = line["sold_at"].astimezone(zone).date()
            line["order_day"] = first.astimezone(zone).date()
    return orders


def read_paid(folder, decimals):
    paid = defaultdict(list)
    for row in rows(folder / "payments.csv"):
        paid[row["order_id"]].append(minor(row["amount"], decimals))
    return paid


class Calendar:
    """Business days: Monday to Friday, holidays left out."""

    def __init__(self, path, country):
        if country == "NONE":
            self.days, self.years = set(), None
        else:
            names = json.loads(Path(path).read_text(encoding="utf-8"))[country]
            self.days = {date.fromisoformat(day) for day in names}
            self.years = {day.year for day in self.days}

    def is_business_day(self, day):
        if self.years is not None and day.year not in self.years:
            raise ValueError(f"no holidays are known for {day}")
        return day.weekday() < 5 and day not in self.days

    def due_on(self, window_end, days):
        """The given number of business days after the end; moved on to a business day if that number is 0."""
        day = window_end
        for _ in range(days):
            day += timedelta(days=1)
            while not self.is_business_day(day):
                day += timedelta(days=1)
        while not self.is_business_day(day):
            day += timedelta(days=1)
        return day


def window(cycle, day):
    """First and last day of the window that a day belongs to."""
    if cycle == "daily":
        return day, day
    if cycle == "weekly":  # Monday to Sunday
        start = day - timedelta(days=day.weekday())
        return start, start + timedelta(days=6)
    start = day.replace(day=1)
    following = (start + timedelta(days=32)).replace(day=1)
    return start, following - timedelta(days=1)


class Contract:
    def __init__(self, rate_ppm, changes, fee_vat_ppm):
        self.versions = [(date.min, rate_ppm)] + sorted(changes)
        self.fee_vat_ppm = fee_vat_ppm

    def price(self, line, day):
        """Fee, VAT on top of it and net of a line. Each is cut to the minor unit; shipping passes through free of fee."""
        rate = [ppm for valid_from, ppm in self.versions if valid_from <= day][-1]
        fee = line["price"] * rate // WHOLE
        vat = fee * self.fee_vat_ppm // WHOLE
        return fee, vat, line["price"] - fee - vat + line["freight"]


def tally():
    return {"lines": 0, "gross_minor": 0, "freight_minor": 0, "fee_minor": 0, "fee_vat_minor": 0, "net_minor": 0}


def settle(orders, contract, calendar, options):
    sellers, statements, total = defaultdict(tally), defaultdict(tally), tally()
    for lines in orders.values():
        for line in lines:
            day = line[f"{options.sold_at}_day"]
            fee, vat, net = contract.price(line, day)
            sums = (sellers[line["seller"]], statements[(line["seller"], *window(options.cycle, day))], total)
            for into in sums:
                into["lines"] += 1
                into["gross_minor"] += line["price"]
                into["freight_minor"] += line["freight"]
                into["fee_minor"] += fee
                into["fee_vat_minor"] += vat
                into["net_minor"] += net
    listed = [
        {
            "seller": seller,
            "starts_on": start.isoformat(),
            "ends_on": end.isoformat(),
            "due_on": calendar.due_on(end, options.payout_days).isoformat(),
            **sums,
        }
        for (seller, start, end), sums in sorted(statements.items())
    ]
    return dict(sorted(sellers.items())), listed, total


def breaks(orders, paid):
    """Orders that were paid something else than their lines; over and short apart, never netted but in the last sum."""
    differences = {}
    for order in sorted(orders.keys() | paid.keys()):
        owed = sum(line["price"] + line["freight"] for line in orders.get(order, []))
        difference = sum(paid.get(order, [])) - owed
        if difference:
            differences[order] = difference
    over = [difference for difference in differences.values() if difference > 0]
    short = [-difference for difference in differences.values() if difference < 0]
    return {
        "count": len(differences),
        "over": len(over),
        "over_minor": sum(over),
        "short": len(short),
        "short_minor": sum(short),
        "net_minor": sum(over) - sum(short),
        "orders": differences,
    }


def change(text):
    day, ppm = text.split(":")
    return date.fromisoformat(day), int(ppm)


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=Path, help="the folder with orders.csv, payments.csv and sellers.csv")
    parser.add_argument("--rate-ppm", type=int, default=120_000, help="the fee, of the price, in parts per million")
    parser.add_argument("--change", type=change, action="append", default=[], metavar="DATE:PPM")
    parser.add_argument("--fee-vat-ppm", type=int, default=100_000, help="the VAT on top of the fee")
    parser.add_argument("--cycle", choices=["monthly", "weekly", "daily"], default="monthly")
    parser.add_argument("--time-zone", type=ZoneInfo, default=ZoneInfo("America/Sao_Paulo"))
    parser.add_argument("--holidays", type=Path, help="JSON: country -> date -> name")
    parser.add_argument("--country", default="BR", help="whose holidays; NONE for weekends only")
    parser.add_argument("--payout-days", type=int, default=3, help="business days from a window's end to its payout")
    parser.add_argument("--decimals", type=int, default=2, help="of the currency's major unit")
    parser.add_argument(
        "--sold-at",
        choices=["order", "line"],
        default="order",
        help="the day of a line's sale: that of its order, which is the earliest of its lines (a payment has one time "
        "of sale), or its own",
    )
    options = parser.parse_args(arguments)
    if options.holidays is None and options.country != "NONE":
        parser.error("give --holidays FILE, or --country NONE")
    return options


def main(arguments):
    options = options_of(arguments)
    orders = read_orders(options.dir, options.time_zone, options.decimals)
    paid = read_paid(options.dir, options.decimals)
    known = {row["seller_id"] for row in rows(options.dir / "sellers.csv")}
    unknown = {line["seller"] for lines in orders.values() for line in lines} - known
    if unknown:
        raise ValueError(f"{len(unknown)} sellers of orders.csv are not in sellers.csv: {sorted(unknown)[0]}")
    contract = Contract(options.rate_ppm, options.change, options.fee_vat_ppm)
    calendar = Calendar(options.holidays, options.country)
    sellers, statements, total = settle(orders, contract, calendar, options)
    differing = sum(len({line["sold_at"] for line in lines}) > 1 for lines in orders.values())
    result = {
        "totals": {
            "orders": len(orders),
            "orders_sold_at_several_times": differing,
            "sellers": len(sellers),
            "statements": len(statements),
            **total,
            "lines_minor": total["gross_minor"] + total["freight_minor"],
            "payments": sum(len(amounts) for amounts in paid.values()),
            "payments_minor": sum(sum(amounts) for amounts in paid.values()),
        },
        "breaks": breaks(orders, paid),
        "sellers": sellers,
        "statements": statements,
    }
    json.dump(result, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main(sys.argv[1:])
