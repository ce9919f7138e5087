"""Makes payments, payment methods and disputes in the states that operations need, and writes their ids down."""

import json
import os
import sys
import time
import urllib.error
import urllib.request

URL, KEY = os.environ["JEONGSAN_URL"], os.environ["JEONGSAN_KEY"]
EACH = 60
DEADLINE_SECONDS = 120
number = 0


def call(method, path, body=None, key=None, url=URL):
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    if key:
        headers["idempotency-key"] = key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def make(path, body):
    global number
    number += 1
    return call("POST", path, body, f"thing-{number}")


def payment(partner, token, **more):
    order = {
        "order_reference": f"thing-{number}",
        "currency": "KRW",
        "connector": "simulator",
        "lines": [{"partner_id": partner, "unit_price_minor": 5_000}],
        "tenders": [{"kind": "card", "amount_minor": 5_000, "token": token}],
        **more,
    }
    return make("/v1/payments", order)


def dispute(partner):
    opened = payment(partner, "tok_disputed")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found = call("GET", f"/v1/disputes?payment_id={opened['id']}")["data"]
        if found:
            return found[0]["id"]
        time.sleep(0.2)
    sys.exit(f"no dispute of {opened['id']} came")


def main():
    partner = make("/v1/partners", {"reference": "things", "name": "Things", "kind": "company"})["id"]
    held = {"capture": "manual"}
    method = {"connector": "simulator", "kind": "card", "brand": "visa", "last_four": "4242", "expires_on": "2030-12"}
    things = {
        "partner": partner,
        "capture": [payment(partner, "tok_ok", **held)["id"] for _ in range(EACH)],
        "void": [payment(partner, "tok_ok", **held)["id"] for _ in range(EACH)],
        "increments": [payment(partner, "tok_ok", **held)["id"] for _ in range(EACH)],
        "refunds": [payment(partner, "tok_ok")["id"] for _ in range(EACH)],
        "cancel": [payment(partner, "tok_3ds")["id"] for _ in range(EACH)],
        "payments": [payment(partner, "tok_ok")["id"] for _ in range(5)],
        "methods": [
            make("/v1/payment-methods", {**method, "token": f"tok_{place}", "holder_reference": f"buyer-{place}"})["id"]
            for place in range(EACH)
        ],
        "detached": [
            make("/v1/payment-methods", {**method, "token": f"old_{place}", "holder_reference": "gone"})["id"]
            for place in range(EACH)
        ],
        "disputes": [dispute(partner) for _ in range(3)],
    }
    with open(os.environ["JEONGSAN_THINGS"], "w", encoding="utf-8") as file:
        json.dump(things, file)


main()
