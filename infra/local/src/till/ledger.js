// The sale as the API tells it: status, attempts, refunds, what happened; cash, void and money back.

import { alarm } from "./alarm.js";
import { amountOf, button, chip, clock, facts, field, h, money, redraw } from "./dom.js";
import { busy, handle, submit } from "./jobs.js";
import { close, open, refresh, seenSale, statusOf } from "./sale.js";
import { changed, decimals, kept, problem, state, watch } from "./state.js";
import { t } from "./text.js";

const recent = h("select", { "aria-label": t("recent"), onchange: () => { problem("sale"); if (recent.value) open(recent.value); else close(); } });
const head = h("div", { "aria-live": "polite" });
const actions = h("div", { class: "actions" });
const books = h("div", { class: "books" });

const part = h("input", { inputmode: "decimal", autocomplete: "off", placeholder: t("all") });
const reason = h("input", { autocomplete: "off", required: true, maxlength: 150, value: t("reasonUsual") });
const give = h("button", { class: "button" }, t("giveBack"));
const answer = h("p", { class: "answer", role: "status", hidden: true });
const refund = h("form", { class: "refund", onsubmit: giveBack, hidden: true, "aria-label": t("refundTitle") }, h("h3", {}, t("refundTitle")),
  h("div", { class: "fields" }, field(t("amount"), part), field(t("reason"), reason), give));

export const saleCard = h("section", { class: "card", "aria-label": t("sale") },
  h("div", { class: "headline" }, h("h2", {}, t("sale")), recent), head, alarm("sale"), actions, refund, answer, books);

const tones = { pending: "busy", deferred: "busy", paid: "good", partially_refunded: "warn", refunded: "warn", in_mediation: "bad", charged_back: "bad", settled_elsewhere: "good", void: "", needs_review: "bad" };
const moneyTone = { approved: "good", rejected: "bad", pending: "warn", in_process: "warn", authorized: "warn", refunded: "warn", cancelled: "warn", charged_back: "bad", in_mediation: "bad" };

function write(what, body) {
  problem("sale");
  const { sale_id } = state.sale;
  submit(state.station, what, [{ method: "POST", path: `/sales/${sale_id}/${what}`, body }], { sale_id });
}

for (const what of ["settle", "void"]) {
  handle(what, {
    answered: (job, call, status, sale) => {
      if (job.station === state.station) seenSale(sale);
    },
    refused,
  });
}

/** A new key for each refund that somebody wants. */
function giveBack(event) {
  event.preventDefault();
  problem("sale");
  state.refund = null;
  const { sale_id } = state.sale;
  const body = { reason: reason.value.trim() };
  if (part.value.trim()) body.amount = amountOf(part.value, decimals);
  submit(state.station, "refund", [{ method: "POST", path: `/sales/${sale_id}/refunds`, body, key: crypto.randomUUID() }], { sale_id });
}

handle("refund", {
  answered: (job, call, status, value) => {
    if (job.station !== state.station || job.sale_id !== state.sale?.sale_id) return;
    state.refund = { code: status, ...value };
    part.value = "";
    changed();
    refresh();
  },
  refused,
});

function refused(job, error) {
  if (job.station !== state.station || job.sale_id !== state.sale?.sale_id) return;
  problem("sale", error.message);
  refresh();
}

function rows(title, items, row) {
  return items.length > 0 && [h("h3", {}, title), h("ul", { class: "rows" }, items.map((item) => h("li", {}, row(item))))];
}

function draw() {
  const { sale, station } = state;
  const sales = kept("sales", []);
  redraw(recent, [sales, sale?.sale_id], () => [h("option", { value: "" }, t(sales.length ? "chooseSale" : "noSales")),
    sales.map((one) => h("option", { value: one.sale_id, selected: one.sale_id === sale?.sale_id }, `${clock(one.at)} · ${one.position} · ${money(one.amount, one.currency)}`))]);
  redraw(head, sale && [sale.sale_id, sale.status, sale.review], () => (sale ? [
    h("p", { class: "total" }, h("strong", {}, money(sale.amount, sale.currency)), " ", chip(statusOf(sale.status), tones[sale.status] ?? "warn"), " ", h("small", {}, sale.status)),
    sale.review && h("p", { class: "problem" }, `${t("review")}: ${sale.review.join(", ")}`),
    facts([[t("position"), sale.position], [t("description"), sale.description], [t("saleId"), sale.sale_id], [t("reference"), sale.external_reference]]),
  ] : [h("p", { class: "muted" }, t("noSale"))]));
  const owed = sale && ["pending", "deferred"].includes(sale.status);
  const pos = sale && station.positions.find((one) => one.position === sale.position)?.external_id;
  const waits = ["settle", "void"].some((what) => busy(station, what));
  redraw(actions, [owed, pos, waits, sale?.status, !!sale], () => [
    owed && [button("cash", () => write("settle", { tender: "cash" }), "", !waits), button("void", () => write("void"), "quiet", !waits)],
    sale?.status === "pending" && pos && h("a", { class: "button quiet", "data-name": "phone", href: `${state.demo.mercado_pago}/phone?pos=${pos}`, target: "surtidor-phone" }, t("payByPhone")),
    sale && button("refresh", refresh, "link"),
  ]);
  refund.hidden = !sale?.attempts.some((one) => one.status === "approved" || (one.status === "in_process" && sale.status === "needs_review"));
  give.disabled = busy(station, "refund");
  const given = state.refund;
  answer.hidden = !given;
  redraw(answer, given, () => (given ? [chip(String(given.code), given.code === 202 ? "warn" : "good"), " ",
    t(given.code === 202 ? "refundPending" : "refundDone"), " ", money(given.amount, given.currency), " · ", given.refund_id] : []));
  redraw(books, sale && [sale.version, sale.attempts, sale.refunds, sale.chargebacks, sale.charges, sale.timeline, state.charge?.charge_id], () => (sale ? [
    rows(t("attempts"), sale.attempts, (one) => [chip(one.status, moneyTone[one.status] ?? ""), h("span", {}, money(one.amount, one.currency)), h("span", {}, [one.channel, one.method, one.status_detail].filter(Boolean).join(" · ")), h("small", {}, one.payment_id)]),
    rows(t("refunds"), sale.refunds, (one) => [chip(one.status, moneyTone[one.status] ?? ""), h("span", {}, money(one.amount, one.currency)), h("span", {}, one.reason), h("small", {}, one.refund_id), one.advice && h("p", {}, one.advice)]),
    rows(t("chargebacks"), sale.chargebacks, (one) => [chip(one.documentation_status ?? "?", "bad"), h("span", {}, money(one.amount, one.currency)), h("span", {}, one.reason ?? ""), h("small", {}, one.chargeback_id)]),
    rows(t("charges"), sale.charges, (one) => [chip(one.status, ""), h("span", {}, one.terminal.split("__").at(-1)), h("small", {}, [clock(one.created_at), one.status_detail].filter(Boolean).join(" · ")),
      sale.charges.length > 1 && h("button", { type: "button", class: "button link", "data-name": one.charge_id, "aria-pressed": String(one.charge_id === state.charge?.charge_id), onclick: () => open(sale.sale_id, one.charge_id) }, t("show"))]),
    rows(t("timeline"), sale.timeline.toReversed(), (one) => [h("span", { class: "time" }, clock(one.at)), h("span", {}, one.text)]),
  ] : []));
}

watch(draw);
