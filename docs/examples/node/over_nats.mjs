// Publishes over NATS: an event, the same again, a correction and a wrong one; shows what each does.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";

const UNIT = process.env.TONGHOP_UNIT || "H41.16";
const NATS = process.env.TONGHOP_NATS || "nats://127.0.0.1:4222";
const URL = process.env.TONGHOP_URL || "http://127.0.0.1:8080";
// The key that the office gave out; a playground asks for none.
const KEY = process.env.TONGHOP_CREDS
  ? { authenticator: nkeyAuthenticator(new Uint8Array(readFileSync(process.env.TONGHOP_CREDS)).subarray(0, 58)) }
  : {};

const TOKEN = UNIT.replaceAll(".", "-");
const DAY = "2021-07-01";
const RUN = process.hrtime.bigint() + BigInt(Date.now()) * 1000000n; // an id is unique for ever

/** A document that was issued, as one CloudEvent. */
function event(number, signed, attributes = {}) {
  return {
    specversion: "1.0",
    id: `${RUN}-${number}`,
    source: `/${UNIT}/try-node`,
    type: "vn.tonghop.document.issued.v1",
    subject: `${RUN}/CV-STTTT`,
    time: `${DAY}T09:00:00+07:00`,
    unit: UNIT,
    data: {
      kind: "CV", electronic: true, personalSignature: true, organisationSignature: signed, normative: false,
    },
    ...attributes,
  };
}

async function figure(indicator) {
  const query = new URLSearchParams({ indicator, unit: UNIT, from: DAY, to: DAY });
  const answer = await fetch(`${URL}/v1/figures?${query}`, { signal: AbortSignal.timeout(10000) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

/** What the system says, once it has folded the log up to this position. */
async function figures(position) {
  for (;;) {
    const [issued, signed] = [await figure("documents.issued"), await figure("documents.signed_share")];
    if (Math.min(issued.position, signed.position) >= position) {
      if (issued.missing) return "no data"; // nobody ever sent a document of this unit
      return `${issued.value} issued, ${signed.ratio.part} of them signed`;
    }
    await sleep(50);
  }
}

const client = await connect({ servers: NATS, ...KEY });
const refused = client.subscribe(`tonghop.refused.${TOKEN}`);

/** Answers when the log has the event: its position. Until then, send it again. */
async function publish(what) {
  const subject = `tonghop.v1.${TOKEN}.document.issued`;
  const reply = await client.request(subject, JSON.stringify(what), { timeout: 10000 });
  const { seq, error } = reply.json();
  if (error) throw new Error(error.description);
  return seq;
}

console.log("before:    ", await figures(0));
const first = event(1, false);
console.log("published: ", await figures(await publish(first)));
console.log("sent again:", await figures(await publish(first)));
console.log("corrected: ", await figures(await publish(event(2, true, { replaces: first.id }))));

const wrong = event(3, true);
wrong.data.organizationSignature = wrong.data.organisationSignature;
delete wrong.data.organisationSignature;
await publish(wrong);
for await (const message of refused) {
  const why = message.json();
  if (why.id === wrong.id) {
    console.log("refused:   ", why.code, why.args);
    break;
  }
}
await client.drain();
