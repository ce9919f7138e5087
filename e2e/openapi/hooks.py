"""Puts ids of things that are there, and keys that are new, into most of what is generated, and notes what succeeded."""

import json
import os
import random
import uuid

import schemathesis

with open(os.environ["JEONGSAN_THINGS"], encoding="utf-8") as file:
    THINGS = json.load(file)
SOMETIMES = 0.7
# Its own: the module's is set back to one state before each case that is generated, and would choose the same each time.
CHANCE = random.Random(20261127)
COMMANDS = ("/capture", "/refunds", "/void", "/cancel", "/increments")


def thing(path):
    """The id of something that the operation at `path` may be asked of."""
    last = path.rsplit("/", 1)[-1]
    if "/payment-methods/" in path:
        return CHANCE.choice(THINGS["methods" if last == "default" else "detached"])
    if "/disputes/" in path:
        return CHANCE.choice(THINGS["disputes"])
    fresh = THINGS.get(last)
    # What was changed once can't be changed again in the same way: each is used until few are left.
    if isinstance(fresh, list) and len(fresh) > 1:
        return fresh.pop()
    return CHANCE.choice(THINGS["payments"])


@schemathesis.hook
def before_call(context, case, kwargs):
    if CHANCE.random() > SOMETIMES:
        return
    path = case.operation.path
    if case.path_parameters:
        if "id" in case.path_parameters:
            case.path_parameters["id"] = thing(path)
        if "connector" in case.path_parameters:
            case.path_parameters["connector"] = "simulator"
    if case.operation.method.upper() == "POST":
        for name in [name for name in case.headers if name.lower() == "idempotency-key"]:
            del case.headers[name]
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if isinstance(case.body, dict) or path.endswith(COMMANDS):
        case.body = fit(path, case.body)


def fit(path, body):
    """A body that the operation takes, with some of what was generated left in it."""
    if path == "/v1/payments":
        return sold(body)
    if path == "/v1/payments/batch" and isinstance(body.get("payments"), list):
        return {"payments": [sold(one) if isinstance(one, dict) else one for one in body["payments"]]}
    if path.endswith("/increments"):
        return {"lines": [line()]}
    if path.endswith(("/capture", "/refunds")):
        return CHANCE.choice([{}, {"amount_minor": CHANCE.randint(1, 5_000)}])
    if path.endswith(("/void", "/cancel")):
        return {}
    if path == "/v1/payment-methods":
        return {**body, **method()}
    if path.endswith("/evidence"):
        return {"text": "it was delivered"}
    return body


def line():
    return {"partner_id": THINGS["partner"], "unit_price_minor": CHANCE.randint(0, 10_000)}


def sold(body):
    """A payment that can be made."""
    lines = [line() for _ in range(CHANCE.randint(1, 3))]
    total = sum(one["unit_price_minor"] for one in lines)
    whole = {
        "order_reference": uuid.uuid4().hex,
        "currency": "KRW",
        "connector": CHANCE.choice(["simulator", "external"]),
        "lines": lines,
    }
    tender = {"kind": "card", "amount_minor": total}
    if whole["connector"] == "simulator":
        tender["token"] = CHANCE.choice(["tok_ok", "tok_declined", "tok_3ds"])
    whole["tenders"] = [tender]
    if whole["connector"] == "simulator" and body.get("capture") in ("manual", "automatic"):
        whole["capture"] = body["capture"]
    return whole


def method():
    return {
        "connector": "simulator",
        "kind": "card",
        "token": f"tok_{uuid.uuid4().hex}",
        "holder_reference": "buyer",
        "brand": "visa",
        "last_four": "4242",
        "expires_on": "2031-01",
    }


@schemathesis.hook
def after_call(context, case, response):
    operation = f"{case.operation.method.upper()} {case.operation.path}"
    with open(os.environ["JEONGSAN_SUCCEEDED"], "a", encoding="utf-8") as file:
        file.write(f"{operation} {response.status_code}\n")
