// The station's API, one call at a time; every call is in the log.

import { note } from "./log.js";
import { language } from "./text.js";

/** An answer that says no, in the API's own words. */
export class Refused extends Error {
  constructor(status, value) {
    super(value?.detail ?? value?.message ?? `HTTP ${status}`);
    this.status = status;
    this.field = value?.field;
  }
}

/** Nothing is known to be done: no answer, or one of those after which the same call is made again. */
export class Unanswered extends Error {}

/** A little more than the gateway waits. */
const PATIENCE = 35_000;

/** Makes a call of a station, and gives its status and what it says. */
export async function ask(station, { method, path, body, key }) {
  const headers = { Authorization: `Bearer ${station.station_key}`, "Accept-Language": language() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key !== undefined) headers["Idempotency-Key"] = key;
  const url = `/v1/stations/${station.station}${path}`;
  const entry = { at: new Date(), method, url, key, body, status: null, answer: null };
  try {
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    const text = await answer.text();
    entry.status = answer.status;
    entry.answer = text ? JSON.parse(text) : null;
  } catch {
    note(entry);
    throw new Unanswered();
  }
  note(entry);
  const { status, answer } = entry;
  if (status >= 500 || status === 429) throw new Unanswered(answer?.detail ?? answer?.message);
  if (status >= 400) throw new Refused(status, answer);
  return { status, value: answer };
}

/** The value of a `GET`. */
export async function get(station, path) {
  return (await ask(station, { method: "GET", path })).value;
}
