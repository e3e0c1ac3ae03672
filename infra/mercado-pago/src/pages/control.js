// The switches, and what was notified.

import { bar, call, clock, h, money } from "./dom.js";
import { t } from "./text.js";

bar("control");
document.title = `${t("control")} · Mercado Pago ${t("simulated")}`;

const routes = ["* /**", "GET /v1/payments/*", "GET /v1/payments/search", "POST /v1/payments/*/refunds", "GET /merchant_orders/*", "GET /merchant_orders/search", "POST /pos", "GET /users/me"];
const statuses = ["approved", "in_process", "rejected", "cancelled", "in_mediation", "charged_back", "refunded"];
let faults = await call("GET", "/faults");

const problem = h("p", { class: "problem", hidden: true });
const switches = h("section", { class: "panels" });
const log = h("section", { class: "card" });
const ledger = h("section", { class: "card" });
const counts = h("section", { class: "card" });
document.querySelector("main").replaceChildren(
  h("div", { class: "headline" }, h("div", {}, h("h1", {}, t("controlTitle")), h("p", { class: "lead" }, t("controlLead"))),
    h("button", { class: "button quiet", onclick: () => act(async () => { await call("DELETE", "/faults"); await reload(); }) }, t("reset"))),
  problem, switches, log, ledger, counts);

async function act(work) {
  try {
    await work();
    problem.hidden = true;
  } catch (error) {
    problem.textContent = error instanceof TypeError ? t("offline") : error.message;
    problem.hidden = false;
  }
}

async function reload() {
  faults = await call("GET", "/faults");
  draw();
}

const save = (change) => act(async () => {
  change(faults);
  try {
    faults = await call("PUT", "/faults", faults);
  } finally {
    await reload();
  }
});

function field(label, control) {
  return h("label", { class: "field" }, h("span", {}, label), control);
}

function select(value, options, set, text = (option) => option) {
  return h("select", { onchange: (event) => save(() => set(event.target.value)) },
    options.map((option) => h("option", { value: option, selected: option === value }, text(option))));
}

function number(value, set) {
  return h("input", { type: "number", min: 0, value, onchange: (event) => save(() => set(Number(event.target.value))) });
}

function toggle(label, value, set) {
  return h("label", { class: "toggle" },
    h("input", { type: "checkbox", role: "switch", checked: value, onchange: (event) => save(() => set(event.target.checked)) }), h("span", {}, label));
}

function panel(title, ...content) {
  return h("article", { class: "card" }, h("h2", {}, title), ...content);
}

function rules() {
  const route = h("input", { list: "routes", value: "GET /v1/payments/*", "aria-label": t("route") });
  const effect = h("select", { "aria-label": t("effect") }, ["status", "slow", "hang", "lose_answer", "garbage"].map((name) => h("option", { value: name }, t(`effect_${name}`))));
  const figure = h("input", { type: "number", value: 503, min: 0, "aria-label": t("number") });
  const times = h("input", { type: "number", min: 1, placeholder: t("always"), "aria-label": t("times") });
  const add = () => save(() => {
    const rule = { route: route.value, do: effect.value };
    if (rule.do === "status") rule.status = Number(figure.value);
    if (rule.do === "slow") rule.ms = Number(figure.value);
    if (times.value) rule.times = Number(times.value);
    faults.api.push(rule);
  });
  const row = (rule, index) => h("li", {},
    h("code", {}, rule.route),
    h("span", {}, [t(`effect_${rule.do}`), rule.status, rule.ms && `${rule.ms} ms`, rule.chance && `p=${rule.chance}`].filter(Boolean).join(" ")),
    h("span", { class: "chip" }, rule.times == null ? t("always") : `× ${rule.times}`),
    h("button", { class: "button link", onclick: () => save(() => faults.api.splice(index, 1)) }, t("remove")));
  return panel(t("apiFaults"),
    faults.api.length ? h("ul", { class: "rules" }, faults.api.map(row)) : h("p", { class: "muted" }, t("noRules")),
    h("datalist", { id: "routes" }, routes.map((name) => h("option", { value: name }))),
    h("div", { class: "adder" }, field(t("route"), route), field(t("effect"), effect), field(t("number"), figure), field(t("times"), times),
      h("button", { class: "button", onclick: add }, t("add"))));
}

function draw() {
  const { notifications, webhooks, refunds, callback } = faults;
  switches.replaceChildren(
    panel(t("notifications"),
      h("div", { class: "segments" }, ["deliver", "hold", "lose"].map((fate) => h("label", {},
        h("input", { type: "radio", name: "fate", checked: notifications.fate === fate, onchange: () => save(() => { notifications.fate = fate; }) }),
        h("span", {}, t(`fate_${fate}`))))),
      h("div", { class: "fields" },
        field(t("copies"), number(notifications.extra_copies, (value) => { notifications.extra_copies = value; })),
        field(t("delay"), number(notifications.delay_ms, (value) => { notifications.delay_ms = value; }))),
      toggle(t("orderHook"), webhooks.merchant_order, (value) => { webhooks.merchant_order = value; }),
      toggle(t("milliseconds"), webhooks.ts === "milliseconds", (value) => { webhooks.ts = value ? "milliseconds" : "seconds"; }),
      toggle(t("wrongSecret"), webhooks.wrong_secret, (value) => { webhooks.wrong_secret = value; })),
    panel(t("refunds"),
      field(t("outcome"), select(refunds.outcome, ["approved", "in_process", "rejected"], (value) => { refunds.outcome = value; })),
      toggle(t("balance"), refunds.insufficient_balance, (value) => { refunds.insufficient_balance = value; }),
      h("h2", {}, t("lookups")),
      h("div", { class: "fields" },
        field(t("method"), select(callback.method, ["GET", "POST"], (value) => { callback.method = value; })),
        field(t("patience"), number(callback.timeout_ms, (value) => { callback.timeout_ms = value; })),
        field(t("every"), number(callback.every_ms, (value) => { callback.every_ms = value; })))),
    rules());
}

function state(note) {
  const name = note.state === "sending" && note.tries.length ? "retrying" : note.state;
  return h("span", { class: `chip ${note.state}` }, t(`state_${name}`));
}

function notes(all) {
  const release = (order) => h("button", { class: "button quiet", onclick: () => act(async () => { await call("POST", "/notifications/release", { order, seed: Date.now() % 1000 }); await watch(); }) }, order);
  const held = all.filter((note) => note.state === "held").length;
  const rows = all.reverse().map((note) => h("tr", {},
    h("td", { class: "time" }, clock(note.created)),
    h("td", {}, h("strong", {}, note.topic), h("small", {}, `${note.dialect} · ${note.resource}`)),
    h("td", { class: "url" }, note.url),
    h("td", {}, state(note), h("small", {}, note.tries.map((one) => one.status ?? "–").join(" · "))),
    h("td", {}, h("button", { class: "button link", onclick: () => act(async () => { await call("POST", `/notifications/${note.id}/resend`); await watch(); }) }, t("resend")))));
  log.replaceChildren(
    h("div", { class: "headline" }, h("h2", {}, t("notifications")),
      h("div", { class: "actions" }, held ? [h("span", { class: "muted" }, `${t("release")} (${held})`), release("fifo"), release("lifo"), release("shuffle")] : [],
        h("button", { class: "button quiet", onclick: () => act(async () => { await call("DELETE", "/notifications"); await watch(); }) }, t("clear")))),
    rows.length ? h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, rows))) : h("p", { class: "muted" }, t("nothingSent")));
}

function payments(all) {
  const rows = all.map((payment) => h("tr", {},
    h("td", { class: "time" }, clock(payment.date_created)),
    h("td", {}, h("strong", {}, String(payment.id)), h("small", {}, payment.external_reference ?? "")),
    h("td", { class: "money" }, money(payment.transaction_amount, payment.currency_id)),
    h("td", {}, h("span", { class: `chip ${payment.status}` }, payment.status), h("small", {}, payment.status_detail)),
    h("td", {}, h("select", { "aria-label": t("setStatus"), onchange: (event) => act(async () => { await call("PUT", `/payments/${payment.id}`, { status: event.target.value }); await watch(); }) },
      h("option", { value: "" }, t("setStatus")), statuses.map((name) => h("option", { value: name }, name))))));
  if (ledger.contains(document.activeElement)) return;
  ledger.replaceChildren(h("h2", {}, t("payments")),
    rows.length ? h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, rows))) : h("p", { class: "muted" }, t("noPayments")));
}

function calls({ total, routes: all }) {
  counts.replaceChildren(h("h2", {}, `${t("calls")}: ${total}`),
    h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, all.map((one) => h("tr", {},
      h("td", {}, h("code", {}, one.route)), h("td", { class: "money" }, String(one.calls)),
      h("td", {}, Object.entries(one.statuses).map(([status, count]) => h("span", { class: "chip" }, `${status === "0" ? "—" : status} × ${count}`)))))))));
}

let before = "";
async function watch() {
  const [news, paid, called] = await Promise.all([call("GET", "/notifications?newest=60"), call("GET", "/payments?newest=40"), call("GET", "/calls")]);
  const now = JSON.stringify([news, paid, called]);
  if (now === before) return;
  before = now;
  notes(news);
  payments(paid);
  calls(called);
}

draw();
await act(watch);
setInterval(() => act(watch), 2000);
