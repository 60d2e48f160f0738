"""Publishes over HTTP with the standard library alone: an event, the same again, a correction, a wrong one."""

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

UNIT = os.environ.get("TONGHOP_UNIT", "H41.16")
URL = os.environ.get("TONGHOP_URL", "http://127.0.0.1:8080")
TOKEN = os.environ["TONGHOP_TOKEN"]  # th_…, which the office gave out

DAY = "2021-07-01"
RUN = time.time_ns()  # an id is unique for ever: take the key of a row of your database


def event(number, signed, **attributes):
    """A document that was issued, as one CloudEvent."""
    return {
        "specversion": "1.0",
        "id": f"{RUN}-{number}",
        "source": f"/{UNIT}/try-http",
        "type": "vn.tonghop.document.issued.v1",
        "subject": f"{RUN}/CV-STTTT",
        "time": f"{DAY}T09:00:00+07:00",
        "unit": UNIT,
        "data": {"kind": "CV", "electronic": True, "personalSignature": True,
                 "organisationSignature": signed, "normative": False},
        **attributes,
    }


def post(what):
    """The answer for one event, or for each of a list of events."""
    kind = "cloudevents-batch+json" if isinstance(what, list) else "cloudevents+json"
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": f"application/{kind}"}
    while True:
        request = urllib.request.Request(f"{URL}/v1/events", json.dumps(what).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code in (429, 503):  # too much, or the log is away: the same again, later
                time.sleep(float(error.headers.get("Retry-After", "1")))
                continue
            answer = json.load(error)
            if "status" not in answer or not isinstance(answer["status"], str):
                raise SystemExit(f"{error.code}: {answer}")  # not about the event: token, size, form
            return answer


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


print("before:    ", figures(0))
first = event(1, signed=False)
answer = post(first)
print("published: ", answer["status"] + ",", figures(answer["position"]))
answer = post(first)
print("sent again:", answer["status"] + ",", figures(answer["position"]))

wrong = event(3, signed=True)
wrong["data"]["organizationSignature"] = wrong["data"].pop("organisationSignature")
corrected, refused = post([event(2, signed=True, replaces=first["id"]), wrong])["items"]
print("corrected: ", corrected["status"] + ",", figures(corrected["position"]))
print("refused:   ", refused["code"], refused["args"])
