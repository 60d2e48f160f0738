#!/usr/bin/env python3
"""A second verifier of bundles, from docs/bundle.md alone: the standard library and nothing else.

    verify_bundle.py BUNDLE [--key NAME+ID+KEY]...

It does not fold: it checks signatures, lists, the log, chains, commitments, sources and timelines,
and that the value is their sum where the bundle says so. Exit codes: 0 holds, 1 does not, 2 usage.
"""

import base64
import hashlib
import json
import re
import struct
import sys
import tomllib
from datetime import date
from urllib.parse import unquote

MAGIC = b"tonghop bundle 1\n"
RECORD_MAX = 16 << 20
LISTS = ["contributions", "figures", "heads", "sources"]


class Broken(Exception):
    """What does not hold, and by which code."""


def need(holds, code, what):
    if not holds:
        raise Broken(f"{code}: {what}")


# ---- Ed25519, RFC 8032 section 5.1.7 ----

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    x, y, z, t = a
    u, v, w, s = b
    e = (y - x) * (v - u) % P
    f = (y + x) * (v + u) % P
    g = 2 * t * s * D % P
    h = 2 * z * w % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def times(n, a):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, a)
        a = add(a, a)
        n >>= 1
    return out


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * ROOT % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_small(a):
    x, y, z, _ = times(8, a)
    return x % P == 0 and (y - z) % P == 0


def ed25519(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or is_small(a) or is_small(r):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(h, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % P
                or (left[1] * right[2] - right[1] * left[2]) % P)


# ---- Notes ----

def key(text):
    """Name, key id, type and public key of NAME+ID+KEY."""
    name, ident, body = text.split("+", 2)
    body = base64.b64decode(body, validate=True)
    own = hashlib.sha256(name.encode() + b"\n" + body).digest()[:4]
    need(own.hex() == ident and len(body) == 33 and body[0] in (1, 4), "format.payload", "a key")
    return name, own, body[0], body[1:]


def note(text):
    """The text of a note, and the signatures: name, key id, bytes."""
    body, lines = text.rsplit("\n\n", 1)
    signatures = []
    for line in lines.removesuffix("\n").split("\n"):
        match = re.fullmatch(r"— (\S+) (\S+)", line)
        need(match, "signature.closing", "a line of a note is no signature")
        data = base64.b64decode(match[2], validate=True)
        signatures.append((match[1], data[:4], data[4:]))
    return body + "\n", signatures


def signs(of, text, signatures):
    """When the key signed, True if it did not say when, False if it did not."""
    name, ident, kind, public = of
    found = False
    for who, which, data in signatures:
        if (who, which) != (name, ident):
            continue
        message = text.encode()
        if kind == 4:
            seconds, data = struct.unpack(">Q", data[:8])[0], data[8:]
            message = f"cosignature/v1\ntime {seconds}\n".encode() + message
        if not ed25519(public, message, data):
            return False
        found = True
    return found


# ---- Trees ----

def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


class Walk:
    """The root over leaves that are shown and subtrees that are not."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def subtree(self, level, node):
        need(level < 63 and self.size % (1 << level) == 0, "format.payload", "a subtree")
        size = self.size >> level
        while size & 1:
            node = hashlib.sha256(b"\1" + self.peaks.pop() + node).digest()
            size >>= 1
        self.peaks.append(node)
        self.size += 1 << level

    def leaf(self, data):
        self.subtree(0, leaf_hash(data))

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        node = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            node = hashlib.sha256(b"\1" + left + node).digest()
        return node


class Bytes:
    """Reads from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        need(self.at + count <= len(self.data), "format.payload", "bytes are missing")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(">" + form)))[0]

    def text(self, form):
        return self.take(self.number(form)).decode()

    def end(self):
        need(self.at == len(self.data), "format.payload", "bytes are left")


def leaf(data):
    """A leaf of the log."""
    of = Bytes(data)
    need(of.number("B") == 1, "log.leaf", "the version of a leaf")
    out = {name: of.number(form) for name, form in
           [("position", "Q"), ("recorded", "q"), ("previous", "Q")]}
    out |= {name: of.text("B") for name in ["unit", "kind", "source", "id"]}
    out |= {"sequence": of.number("Q"), "commitment": of.take(32)}
    of.end()
    return out


def contributed(data):
    """Positions and contributions of a timeline."""
    of = Bytes(data)
    need(of.number("B") == 1, "format.payload", "the version of a timeline")
    positions = [of.number("Q") for _ in range(of.number("I"))]
    out = []
    for _ in range(of.number("I")):
        out.append((of.text("B"), of.text("B"), of.text("H"), of.number("H"), of.number("q")))
    of.end()
    need(positions and positions == sorted(set(positions)), "format.payload", "positions")
    return positions, out


# ---- The bundle ----

class Records:
    """The records, one ahead."""

    def __init__(self, file):
        self.file = file
        need(file.read(len(MAGIC)) == MAGIC, "format.magic", "the file is no bundle")
        self.advance()

    def advance(self):
        head = self.file.read(5)
        if not head:
            self.kind, self.payload = None, b""
            return
        need(len(head) == 5, "format.truncated", "a record")
        self.kind, length = chr(head[0]), struct.unpack(">I", head[1:])[0]
        need(length <= RECORD_MAX, "format.record", "a record is too long")
        self.payload = self.file.read(length)
        need(len(self.payload) == length, "format.truncated", "a record")

    def take(self, kind):
        if self.kind != kind:
            return None
        payload = self.payload
        self.advance()
        return payload

    def expect(self, kind):
        payload = self.take(kind)
        need(payload is not None, "format.order", f"{self.kind} stands where {kind} has to")
        return payload

    def subtree(self, walk):
        payload = self.take("s")
        if payload is not None:
            need(len(payload) == 33, "format.payload", "a subtree")
            walk.subtree(payload[0], payload[1:])
        return payload is not None


def signatures(records, keys):
    bundled = []
    while (payload := records.take("K")) is not None:
        bundled.append(key(payload.decode()))
    keys = keys or bundled
    text, signed = note(records.expect("C").decode())
    logs = [of for of in keys if of[2] == 1]
    need(any(signs(of, text, signed) for of in logs), "signature.closing", "nobody signed it")
    closing = json.loads(text)
    need(closing["format"] == "tonghop closing 1", "closing.misshapen", "another format")
    head, marks = note(closing["checkpoint"])
    origin, size, root = head.split("\n")[:3]
    logs = [of for of in logs if of[0] == origin]
    need(any(signs(of, head, marks) for of in logs), "signature.checkpoint", "nobody signed it")
    witnessed = records.take("W")
    if witnessed is not None:
        again, marks = note(witnessed.decode())
        need(again == head, "signature.witness", "it is another checkpoint")
        need(any(signs(of, head, marks) for of in logs), "signature.witness", "not of the log")
    for of in keys:
        need(of[2] == 1 or signs(of, head, marks), "signature.witness", of[0])
    need(int(size) == closing["position"], "closing.misshapen", "its position")
    return closing, int(size), base64.b64decode(root)


def definitions(records, closing):
    rows = {}
    for name in sorted(name for name in closing["files"] if name.startswith("definitions-")):
        payload = Bytes(records.expect("D"))
        held, data = payload.text("H"), payload.data[payload.at:]
        named = closing["files"][name]
        need(held == name, "definition.missing", name)
        need(hashlib.sha256(data).hexdigest() == named["sha256"] and len(data) == named["bytes"],
             "definition.altered", name)
        # Of several rows the one of the province counts; declared ones stand where no other is.
        rank = 2 if name.startswith("definitions-more-") else int("declared" not in name)
        for row in tomllib.loads(data.decode()).get("indicator", []):
            if rows.get(row["id"], (-1,))[0] <= rank:
                rows[row["id"]] = (rank, row)
    return {name: row for name, (_, row) in rows.items()}


def lists(records, closing):
    shown = {}
    for name in LISTS:
        need(records.expect("L").decode() == name, "format.order", name)
        walk, lines = Walk(), []
        while True:
            if records.subtree(walk):
                continue
            payload = records.take("l")
            if payload is None:
                break
            walk.leaf(payload)
            lines.append(payload.decode())
        named = closing["lists"][name]
        need((walk.size, walk.root().hex()) == (named["lines"], named["root"]), "list.root", name)
        shown[name] = lines
    return shown


def log(records, size, root):
    """The leaves that are shown, each with whether its message is open or redacted."""
    need(records.expect("G") == b"", "format.payload", "the log")
    walk, leaves, last, time = Walk(), [], {}, -(1 << 63)
    while True:
        if records.subtree(walk):
            continue
        last_of_all = records.take("z")
        data = last_of_all or records.take("f")
        if data is None:
            break
        walk.leaf(data)
        held = leaf(data)
        need(held["position"] == walk.size and held["recorded"] >= time, "log.leaf", walk.size)
        time = held["recorded"]
        if last_of_all:
            continue
        need(held["unit"] and held["previous"] == last.get(held["unit"], 0), "chain.broken", walk.size)
        last[held["unit"]] = held["position"]
        opened, redacted = records.take("m"), records.take("x")
        held["open"], held["redacted"] = opened is not None, redacted is not None
        if opened is not None:
            need(len(opened) >= 32, "format.payload", "a salt")
            made = hashlib.sha256(b"tonghop commitment v1\n" + opened).digest()
            need(made == held["commitment"], "message.altered", held["position"])
        leaves.append(held)
    need((walk.size, walk.root()) == (size, root), "log.root", "another root")
    need(held["position"] == size, "log.leaf", "the last leaf is not shown")
    return leaves, last, (time + 7 * 3_600_000) // 86_400_000


def complete(header, shown, leaves, last):
    heads = dict(line.split("\t") for line in shown["heads"])
    for unit, position in heads.items():
        need(int(position) == last.get(unit, 0), "chain.head", unit)
    need(set(last) <= set(heads), "list.line", "a unit without a head")
    for held in leaves:
        family = held["kind"].split(".")[0]
        read = held["unit"] in header["units"]
        needed = read and family in header["families"] + ["source", ""]
        needed = needed or family == "unit" and "." not in held["unit"]
        need(held["open"] or held["redacted"] or not needed, "message.closed", held["position"])


def timelines(records, header, shown):
    """All contributions, after the root of each line was checked."""
    made, out = Walk(), []
    for line in shown["contributions"]:
        unit, family, count, root = line.split("\t")
        need(unit in header["units"] and family in header["families"], "list.line", line)
        made.leaf(line.encode())
        need(records.expect("T").decode() == f"{unit}\t{family}", "format.order", line)
        walk, first = Walk(), 0
        while (data := records.take("c")) is not None:
            walk.leaf(data)
            positions, contributions = contributed(data)
            need(positions[0] > first, "format.payload", "timelines out of order")
            first = positions[0]
            out.extend(contributions)
        need((walk.size, walk.root().hex()) == (int(count), root), "timeline.root", line)
    return made.root().hex(), out


def total(terms, contributions, window, facet):
    """What terms add up to, where units did not move."""
    out = 0
    for term in terms:
        match = re.fullmatch(r"(-?)(\w+):([\w.]+)(?:\[(\w+)=([^,\]]+)\])?", term)
        if not match or match[4] == "level" or match[2] == "units_with":
            return None
        sign, reading = (-1 if match[1] else 1), match[2]
        wanted = (match[4], match[5]) if match[4] else facet
        for measure, kind, code, day, amount in contributions:
            counts = {"flow": window[0] <= day <= window[1], "opening": day < window[0],
                      "closing": day <= window[1]}.get(reading, False)
            if measure == match[3] and (kind, code) == wanted and counts:
                out += sign * amount
    return out


def value(figure, row, contributions, today):
    parts = figure.split("~")
    days = [(date.fromisoformat(day) - date(1970, 1, 1)).days for day in parts[2].split("-")]
    if days[0] <= today < days[1]:
        days[1] = today
    facet = ("all", "")
    for part in parts[3:]:
        if part[0] == "f":
            kind, code = part[1:].split(".", 1)
            code = re.sub("_(..)", lambda m: "%" + m[1], code)
            facet = (kind, unquote(code))
    sums = [total(row[name], contributions, days, facet) for name in ("sum", "part", "whole")
            if name in row]
    return None if not sums or None in sums else "/".join(map(str, sums))


def verify(path, keys):
    with open(path, "rb") as file:
        records = Records(file)
        header = json.loads(records.expect("H"))
        closing, size, root = signatures(records, [key(text) for text in keys])
        rows = definitions(records, closing)
        shown = lists(records, closing)
        figures = [line.split("\t") for line in shown["figures"]]
        need(len(figures) == 1 and figures[0][0] == header["figure"], "figure.missing", "its line")
        figure, published, made_of = figures[0]
        leaves, last, today = log(records, size, root)
        complete(header, shown, leaves, last)
        made, contributions = timelines(records, header, shown)
        need(made == made_of, "made_of.other", "another root")
        need(records.expect("E") == b"" and records.kind is None, "format.trailing", "the end")
        row = rows.get(figure.split("~")[0])
        need(row is not None, "definition.faulty", "no such indicator")
        plain = value(figure, row, contributions, today) == published
        need(plain == header["plain"], "value.other" if header["plain"] else "header.other", published)
        by = "the sum of" if plain else "read in a tree of units (not checked here) from"
        print(f"{figure} = {published}: it holds; {by} {len(contributions)} contributions")
        if not keys:
            print("NOBODY VOUCHES FOR THE KEYS: they came with the bundle")


def main(words):
    keys, paths = [], []
    while words:
        word = words.pop(0)
        if word == "--key" and words:
            keys.append(words.pop(0))
        else:
            paths.append(word)
    if len(paths) != 1 or paths[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        verify(paths[0], keys)
    except Broken as why:
        print(f"it does not hold: {why}")
        return 1
    except (ValueError, KeyError, IndexError, TypeError, struct.error) as why:
        print(f"it does not hold: format.payload: {why!r}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
