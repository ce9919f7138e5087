"""Prints how often each operation was answered how; fails where one never succeeded."""

import collections
import os
import sys

answers = collections.defaultdict(collections.Counter)
with open(os.environ["JEONGSAN_SUCCEEDED"], encoding="utf-8") as file:
    for row in file:
        operation, status = row.rsplit(" ", 1)
        answers[operation][int(status)] += 1

# Who signs a webhook is the network alone, and only an operation of unknown outcome is resolved by hand.
OTHERWISE = ("POST /v1/webhooks/{connector}", "POST /v1/payments/{id}/operations/{transaction_id}/resolve")
never = []
for operation, statuses in sorted(answers.items()):
    print(f"{operation}: {', '.join(f'{count} x {status}' for status, count in sorted(statuses.items()))}")
    if not any(200 <= status < 300 for status in statuses) and operation not in OTHERWISE:
        never.append(operation)
if never:
    sys.exit("never succeeded: " + ", ".join(never))
