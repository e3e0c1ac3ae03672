// What the till asks for. Each press is written down in the browser before its first call, with the key that names it, and
// the same calls are made until they are answered, also after the page was closed: a lost answer neither loses a charge nor
// makes a second one.

import { Refused, Unanswered, ask } from "./api.js";
import { changed } from "./state.js";

const PREFIX = "till.job.";
/** A refund whose outcome is not known is asked for again after a minute, as the API says. */
const UNDECIDED = 60;
const LONGEST_PAUSE = 60;

const open = new Map();
const handlers = {};

/** Says what becomes of jobs of a kind: `answered` after each call, `refused` when the API says no,
 * `stopped` when a person gave up. */
export function handle(what, handler) {
  handlers[what] = handler;
}

/** The jobs of a station that are not done. */
export function jobs(station) {
  return [...open.values()].filter((job) => job.station.station === station.station);
}

/** Whether a job of this kind waits for its answer. */
export function busy(station, what) {
  return jobs(station).some((job) => job.what === what);
}

/** Takes on a job: calls that are made one after the other. */
export function submit(station, what, calls, more = {}) {
  const job = { id: crypto.randomUUID(), what, station, calls, ...more };
  keep(job);
  return run(job);
}

/** Takes up what an earlier page left. */
export function resume(stations) {
  for (const name of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
    const job = JSON.parse(localStorage.getItem(name));
    const station = stations.find((one) => one.station === job.station);
    if (station) run({ ...job, station });
    else localStorage.removeItem(name);
  }
}

function keep({ id, what, station, calls, sale_id }) {
  localStorage.setItem(PREFIX + id, JSON.stringify({ id, what, station: station.station, calls, sale_id }));
}

function drop(job) {
  open.delete(job.id);
  localStorage.removeItem(PREFIX + job.id);
}

async function run(job) {
  const { answered, refused } = handlers[job.what];
  open.set(job.id, job);
  changed();
  for (let pause = 1; open.has(job.id);) {
    const call = job.calls[0];
    try {
      const { status, value } = await ask(job.station, call);
      if (!open.has(job.id)) return;
      if (job.what === "refund" && status === 202) {
        answered(job, call, status, value);
        job.problem = null;
        await wait(job, UNDECIDED, true);
        continue;
      }
      pause = 1;
      job.calls.shift();
      if (job.calls.length) keep(job);
      else drop(job);
      answered(job, call, status, value);
      if (!job.calls.length) break;
    } catch (error) {
      if (error instanceof Refused) {
        drop(job);
        refused(job, error);
        break;
      }
      if (!(error instanceof Unanswered)) throw error;
      job.problem = error.message;
      await wait(job, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }
  changed();
}

function wait(job, seconds, undecided = false) {
  return new Promise((resolve) => {
    const end = (stop) => {
      clearTimeout(timer);
      delete job.again;
      if (stop) {
        drop(job);
        handlers[job.what].stopped?.(job);
      }
      changed();
      resolve();
    };
    const timer = setTimeout(end, seconds * 1000, false);
    job.again = { undecided, at: Date.now() + seconds * 1000, now: () => end(false), stop: () => end(true) };
    changed();
  });
}
