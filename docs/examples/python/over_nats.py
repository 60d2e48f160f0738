"""Publishes over NATS: an event, the same again, a correction and a wrong one; shows what each does."""

import asyncio
import json
import os
import time
import urllib.parse
import urllib.request

import nats

UNIT = os.environ.get("TONGHOP_UNIT", "H41.16")
NATS = os.environ.get("TONGHOP_NATS", "nats://127.0.0.1:4222")
URL = os.environ.get("TONGHOP_URL", "http://127.0.0.1:8080")
# The key that the office gave out; a playground asks for none.
KEY = {"nkeys_seed": os.environ["TONGHOP_CREDS"]} if os.environ.get("TONGHOP_CREDS") else {}

TOKEN = UNIT.replace(".", "-")
DAY = "2021-07-01"
RUN = time.time_ns()  # an id is unique for ever: take the key of a row of your database


def event(number, signed, **attributes):
    """A document that was issued, as one CloudEvent."""
    return {
        "specversion": "1.0",
        "id": f"{RUN}-{number}",
        "source": f"/{UNIT}/try",
        "type": "vn.tonghop.document.issued.v1",
        "subject": f"{RUN}/CV-STTTT",
        "time": f"{DAY}T09:00:00+07:00",
        "unit": UNIT,
        "data": {"kind": "CV", "electronic": True, "personalSignature": True,
                 "organisationSignature": signed, "normative": False},
        **attributes,
    }


def figures(position):
    """What the system says, once it has folded the log up to this position."""
    while True:
        issued, signed = (figure("documents.issued"), figure("documents.signed_share"))
        if min(issued["position"], signed["position"]) >= position:
            if "missing" in issued:
                return "no data"  # nobody ever sent a document of this unit
            return f'{issued["value"]} issued, {signed["ratio"]["part"]} of them signed'
        time.sleep(0.05)


def figure(indicator):
    query = urllib.parse.urlencode({"indicator": indicator, "unit": UNIT, "from": DAY, "to": DAY})
    with urllib.request.urlopen(f"{URL}/v1/figures?{query}", timeout=10) as answer:
        return json.load(answer)


async def main():
    client = await nats.connect(NATS, **KEY)
    log = client.jetstream()
    refused = await client.subscribe(f"tonghop.refused.{TOKEN}")

    async def publish(what):
        """Returns when the log has the event: its position. Until then, send it again."""
        subject = f"tonghop.v1.{TOKEN}.document.issued"
        return (await log.publish(subject, json.dumps(what).encode(), timeout=10)).seq

    print("before:    ", figures(0))
    first = event(1, signed=False)
    print("published: ", figures(await publish(first)))
    print("sent again:", figures(await publish(first)))
    print("corrected: ", figures(await publish(event(2, signed=True, replaces=first["id"]))))

    wrong = event(3, signed=True)
    wrong["data"]["organizationSignature"] = wrong["data"].pop("organisationSignature")
    await publish(wrong)
    while True:
        why = json.loads((await refused.next_msg(timeout=10)).data)
        if why["id"] == wrong["id"]:
            break
    print("refused:   ", why["code"], why["args"])
    await client.drain()


asyncio.run(main())
