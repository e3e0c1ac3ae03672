// The charge at the terminal: what is known of it, and what the person at the till does now.

import { alarm } from "./alarm.js";
import { button, chip, clock, facts, h, money, redraw } from "./dom.js";
import { busy, handle, jobs, submit } from "./jobs.js";
import { isOpen, open, refresh, seen } from "./sale.js";
import { problem, state, watch } from "./state.js";
import { chargeAgain } from "./take.js";
import { load } from "./terminal.js";
import { t } from "./text.js";

const waiting = h("ul", { class: "jobs", "aria-live": "polite" });
const silence = h("p", { class: "problem", role: "alert", hidden: true });
const face = h("div", { class: "face", "aria-live": "polite" });
const actions = h("div", { class: "actions" });
const more = h("div");

export const chargeCard = h("section", { class: "card charge", "aria-label": t("chargeTitle") }, h("h2", {}, t("chargeTitle")), silence, waiting, face, alarm("charge"), actions, more);

const tones = { processed: "good", refunded: "warn", failed: "bad", canceled: "warn", cancelled: "warn", expired: "warn", action_required: "warn", processing: "busy", at_terminal: "busy", created: "busy" };

function cancel() {
  problem("charge");
  const { charge_id, sale_id } = state.charge;
  submit(state.station, "cancel", [{ method: "POST", path: `/charges/${charge_id}/cancel` }], { sale_id });
}

handle("cancel", {
  answered: (job, call, status, value) => {
    if (job.station !== state.station || value.charge_id !== state.charge?.charge_id) return;
    seen(value);
    refresh();
  },
  refused: (job, error) => {
    if (job.station !== state.station) return;
    problem("charge", error.message);
    refresh();
  },
});

/** Jobs that wait for an answer: what goes again, and when. */
function drawJobs() {
  const late = jobs(state.station).filter((job) => job.again);
  redraw(waiting, late.map((job) => [job.id, job.problem, job.again.at]), () => late.map((job) => {
    const { method, path } = job.calls[0];
    return h("li", {}, h("p", {}, h("strong", {}, t(job.again.undecided ? "refundUndecided" : "noAnswerYet")), " ", h("code", {}, `${method} ${path}`), job.problem && ` · ${job.problem}`),
      h("p", { class: "muted small" }, t("sameKey"), " ", clock(job.again.at)),
      h("div", { class: "actions" }, button("repeatNow", () => job.again?.now()), button("stopRepeating", () => { job.again?.stop(); if (job.sale_id) open(job.sale_id); }, "link")));
  }));
  waiting.hidden = !late.length;
}

let undecidedId = null;
let sent = false;

function draw() {
  const { charge, sale, silentSince } = state;
  const sends = busy(state.station, "charge");
  const cancels = busy(state.station, "cancel");
  const undecided = isOpen(charge);
  // The news of its end tells whether the webhook secret is right.
  if (undecidedId && undecidedId === charge?.charge_id && !undecided) setTimeout(load, 2000);
  undecidedId = undecided ? charge.charge_id : null;
  // Beside a terminal's window this one is narrow, and the charge below what was pressed.
  if (sends && !sent && chargeCard.getBoundingClientRect().top > innerHeight / 2) chargeCard.scrollIntoView();
  sent = sends;
  silence.hidden = !silentSince;
  if (silentSince) silence.textContent = `${t("silent")} ${clock(silentSince)}`;
  drawJobs();
  redraw(face, [charge && { ...charge, sale_status: 0 }, sends], () => {
    // While another is sent, nobody takes the end of the last one for its own.
    if (sends || !charge) return [h("p", { class: "muted" }, t(sends ? "sending" : "noCharge"))];
    const tone = tones[charge.status] ?? "warn";
    return [h("div", { class: `tone ${tone}` },
      h("p", { class: "amount" }, money(charge.amount, charge.currency)),
      h("p", { class: "advice" }, charge.advice),
      h("p", {}, chip(charge.status, tone), charge.status_detail && charge.status_detail !== charge.status && chip(charge.status_detail, ""),
        Number(charge.tip_amount) > 0 && chip(`${t("tip")} ${money(charge.tip_amount, charge.currency)}`, "")))];
  });
  const owed = sale && ["pending", "deferred"].includes(sale.status);
  const doubtful = undecided && !["created", "at_terminal", "processing"].includes(charge.status);
  const again = owed && (!charge || !undecided || doubtful);
  redraw(actions, [!!charge, undecided, again, doubtful, sends, cancels, !!state.terminal], () => [
    undecided && button("cancelCharge", cancel, "bad", !cancels),
    again && button(doubtful ? "chargeDoubtful" : charge ? "chargeAgain" : "charge", () => chargeAgain(sale.sale_id), doubtful ? "quiet" : "", !sends && !!state.terminal),
  ]);
  redraw(more, !sends && charge && [charge.charge_id, charge.payment_id, charge.mercado_pago_id, charge.terminal, charge.expires_at, undecided], () => (charge && !sends ? [facts([
    [t("terminal"), charge.terminal.split("__").at(-1)],
    undecided && [t("expires"), clock(charge.expires_at)],
    [t("payment"), charge.payment_id],
    [t("chargeId"), charge.charge_id],
    [t("orderId"), charge.mercado_pago_id],
  ].filter(Boolean))] : []));
}

watch(draw);
